variable "name" {
  description = "Project and environment; also the name of the MWAA environment."
  type        = string
}

variable "airflow_version" {
  description = "Version of Airflow, as MWAA offers it."
  type        = string
}

variable "environment_class" {
  description = "Size of scheduler and workers, such as mw1.small."
  type        = string
}

variable "workers" {
  description = "Fewest and most workers."
  type        = object({ min = number, max = number })
}

variable "webserver_access_mode" {
  description = "PUBLIC_ONLY: the pages are reached by IAM sign-in from anywhere; PRIVATE_ONLY: from inside the VPC alone."
  type        = string

  validation {
    condition     = contains(["PUBLIC_ONLY", "PRIVATE_ONLY"], var.webserver_access_mode)
    error_message = "webserver_access_mode must be PUBLIC_ONLY or PRIVATE_ONLY."
  }
}

variable "openlineage_endpoint" {
  description = "Address of the lineage server, such as https://lineage.example.com; empty for no lineage."
  type        = string
}

variable "mail" {
  description = "Server that takes Airflow's mail, with STARTTLS; null for none. Its password is a connection, not a setting."
  type        = object({ host = string, port = number, from = string })
}

variable "configuration_options" {
  description = "Further options of Airflow, section.name to value."
  type        = map(string)
}

variable "airflow_variables" {
  description = "Airflow Variables that the DAGs read."
  type        = map(string)
}

variable "subnet_ids" {
  description = "Two private subnets."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the workers."
  type        = list(string)
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

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
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
