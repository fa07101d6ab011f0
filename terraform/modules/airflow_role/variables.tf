variable "name" {
  description = "Project and environment; also the name of the MWAA environment."
  type        = string
}

variable "artefacts" {
  description = "Bucket of DAGs, requirements and start-up script."
  type        = object({ name = string, arn = string })
}

variable "raw_bucket" {
  description = "Bucket into which the sources deliver."
  type        = string
}

variable "landing_prefixes" {
  description = "Prefixes of the domains in the raw bucket."
  type        = list(string)
}

variable "curated_bucket" {
  description = "Bucket of tables and docs."
  type        = string
}

variable "workgroup_arn" {
  description = "ARN of the workgroup in which the DAGs ask the views."
  type        = string
}

variable "results_prefix" {
  description = "Prefix of the workgroup's results in the curated bucket."
  type        = string
}

variable "view_tables" {
  description = "Tables that the views read."
  type        = list(object({ database = string, name = string }))
}

variable "job_names" {
  description = "Glue jobs that the DAGs run."
  type        = list(string)
}

variable "crawler_names" {
  description = "Glue crawlers that the DAGs run."
  type        = list(string)
}

variable "passed_role_arns" {
  description = "Roles that may be passed on to Glue."
  type        = list(string)
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

variable "parameters" {
  description = "Where Airflow looks for Variables and connections in the Parameter Store."
  type        = string
}
