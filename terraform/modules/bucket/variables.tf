variable "name" {
  description = "Name of the bucket, unique in the world."
  type        = string

  validation {
    condition     = length(var.name) <= 63
    error_message = "The bucket ${var.name} has ${length(var.name)} characters, and S3 takes 63; shorten project or environment."
  }
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the objects; null for S3's own, which the bucket of the logs must have."
  type        = string
}

variable "logs_bucket" {
  description = "Bucket that gets the access logs; null for none."
  type        = string
}

variable "force_destroy" {
  description = "Whether the bucket may be destroyed with objects in it."
  type        = bool
}

variable "noncurrent_days" {
  description = "Days for which a replaced or deleted object can be brought back."
  type        = number
}

variable "archived" {
  description = "Days after which the objects under a prefix move to Glacier Instant Retrieval, by prefix."
  type        = map(number)
  default     = {}
}

variable "expired" {
  description = "Days after which the objects under a prefix are removed, by prefix."
  type        = map(number)
  default     = {}
}

variable "log_writers" {
  description = "Services of AWS that write logs into the bucket, with the prefix of each."
  type        = map(string)
  default     = {}
}
