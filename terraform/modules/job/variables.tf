variable "platform" {
  description = "Settings shared by all modules."
  type = object({
    name                   = string
    account_id             = string
    region                 = string
    kms_key_arn            = string
    log_retention_days     = number
    security_configuration = string
    buckets                = map(object({ name = string, arn = string }))
  })
}

variable "name" {
  description = "Name of the job, the same as its DAG's."
  type        = string
}

variable "description" {
  description = "What the job is for, in one line."
  type        = string
}

variable "script" {
  description = "File name of the script under glue_jobs/."
  type        = string
}

variable "arguments" {
  description = "Default arguments of the job; a run may override them."
  type        = map(string)
}

variable "worker_type" {
  description = "Type of the workers, such as G.1X (4 vCPU, 16 GB)."
  type        = string
}

variable "number_of_workers" {
  description = "Maximum number of workers at a time, including the driver."
  type        = number
}

variable "timeout_minutes" {
  description = "Minutes after which Glue ends a run; Airflow waits longer than that."
  type        = number
}

variable "reads" {
  description = "Prefixes that the job reads."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "writes" {
  description = "Prefixes that the job reads and writes."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "copies" {
  description = "Prefixes, among those that it writes, below which the job makes copies of tables."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "removes" {
  description = "Prefixes from which the job removes objects that it does not read."
  type        = list(object({ bucket = string, prefix = string }))
  default     = []
}

variable "topics" {
  description = "ARNs of the SNS topics that the job publishes to."
  type        = list(string)
  default     = []
}

variable "published_tables" {
  description = "Tables of the Glue catalogue that the job writes."
  type        = list(object({ database = string, name = string }))
  default     = []
}

variable "managed_databases" {
  description = "Databases from which the job drops the tables that are gone."
  type        = list(string)
  default     = []
}

variable "athena_workgroup" {
  description = "Workgroup in which the job makes views; null for none."
  type        = string
  default     = null
}

variable "queried_databases" {
  description = "Databases of the Glue catalogue whose tables the views read."
  type        = list(string)
  default     = []
}

variable "metrics_namespace" {
  description = "Namespace of the jobs' own metrics."
  type        = string
}

variable "tags" {
  description = "Tags that break down cost: domain and step."
  type        = map(string)
}
