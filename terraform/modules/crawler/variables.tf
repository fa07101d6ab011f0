variable "name" {
  description = "Name of the crawler, as the DAG of its domain calls it."
  type        = string
}

variable "role_prefix" {
  description = "Project and environment, for the name of the role."
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

variable "raw_bucket" {
  description = "Bucket into which the sources deliver."
  type        = string
}

variable "prefix" {
  description = "Prefix of the domain in the raw bucket, without a slash at its end."
  type        = string
}

variable "security_configuration" {
  description = "Security configuration of Glue."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the lakehouse."
  type        = string
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}
