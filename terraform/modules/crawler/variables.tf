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
  description = "Name of the crawler, as the DAG of its domain calls it."
  type        = string
}

variable "domain" {
  description = "Domain whose landing is crawled."
  type        = string
}

variable "database" {
  description = "Database of the Glue catalogue that gets the tables."
  type        = string
}

variable "prefix" {
  description = "Prefix of the domain in the raw bucket, without a slash at its end."
  type        = string
}
