variable "platform" {
  description = "Settings shared by all modules."
  type = object({
    name        = string
    account_id  = string
    region      = string
    kms_key_arn = string
    buckets     = map(object({ name = string, arn = string }))
  })
}

variable "landing_prefixes" {
  description = "Prefixes of the domains in the raw bucket."
  type        = list(string)
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

variable "topic_arn" {
  description = "ARN of the SNS topic that the DAGs may publish to."
  type        = string
}

variable "parameters" {
  description = "Where Airflow looks for Variables and connections in the Parameter Store."
  type        = string
}

variable "workgroup" {
  description = "Workgroup in which the DAGs ask the views: its ARN, and the prefix of its results in the curated bucket."
  type        = object({ arn = string, results = string })
}
