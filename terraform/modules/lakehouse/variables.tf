variable "project" {
  description = "First part of every name."
  type        = string
  default     = "retail-lakehouse"
}

variable "environment" {
  description = "Second part of every name: dev or prod."
  type        = string
}

variable "account_id" {
  description = "AWS account, twelve digits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the twelve digits of an AWS account; set TF_VAR_account_id."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "repository" {
  description = "Root folder of the repository, which holds contracts/ and glue_jobs/."
  type        = string
}

variable "number_of_workers" {
  description = "Workers of each job, the driver included."
  type        = number
}

variable "timeout_minutes" {
  description = "Minutes after which Glue ends a run; the DAGs wait for 150."
  type        = number
  default     = 120

  validation {
    condition     = var.timeout_minutes < 150
    error_message = "timeout_minutes must stay below the 150 minutes that the DAGs wait for a job."
  }
}

variable "log_retention_days" {
  description = "Days for which the jobs' logs are kept."
  type        = number
}

variable "noncurrent_days" {
  description = "Days for which a replaced or deleted object can be brought back."
  type        = number
}

variable "force_destroy" {
  description = "Whether the buckets may be destroyed with data in them."
  type        = bool
}
