variable "name" {
  description = "Project and environment, for the names of all."
  type        = string
}

variable "databases" {
  description = "Databases of the Glue catalogue, with what each is for."
  type        = map(string)
}

variable "kms_key_arn" {
  description = "Key of the lakehouse."
  type        = string
}

variable "gigabytes_per_query" {
  description = "Gigabytes (10^9 bytes) that one Athena query may read before Athena ends it."
  type        = number
}

variable "archive_landing_days" {
  description = "Days after which delivered files are archived."
  type        = number
}

variable "noncurrent_days" {
  description = "Days for which a replaced or deleted object can be brought back."
  type        = number
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "force_destroy" {
  description = "Whether the buckets may be destroyed with data in them."
  type        = bool
}

variable "account_id" {
  description = "AWS account."
  type        = string
}
