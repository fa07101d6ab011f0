variable "name" {
  description = "Name of the workgroup."
  type        = string
}

variable "description" {
  description = "Who asks here, in one line."
  type        = string
}

variable "results" {
  description = "Where results are written."
  type        = object({ bucket = string, prefix = string })
}

variable "gigabytes_per_query" {
  description = "Gigabytes (10^9 bytes) that one query may read before Athena ends it."
  type        = number
}

variable "kms_key_arn" {
  description = "Key that encrypts the results."
  type        = string
}

variable "account_id" {
  description = "AWS account."
  type        = string
}
