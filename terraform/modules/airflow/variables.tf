variable "platform" {
  description = "Settings shared by all modules."
  type = object({
    name               = string
    kms_key_arn        = string
    log_retention_days = number
    buckets            = map(object({ name = string, arn = string }))
  })
}

variable "airflow" {
  description = "Version of Airflow as MWAA offers it, size and workers, reach, and further options, section.name to value."
  type = object({
    version               = string
    class                 = string
    workers               = object({ min = number, max = number })
    webserver_access_mode = string
    configuration_options = map(string)
  })
}

variable "openlineage_endpoint" {
  description = "Address of the lineage server, such as https://lineage.example.com; empty for no lineage."
  type        = string
}

variable "mail" {
  description = "Server that takes Airflow's mail, with STARTTLS; null for none. Its password is a connection, not a setting."
  type        = object({ host = string, port = number, from = string })
}

variable "airflow_variables" {
  description = "Airflow Variables that the DAGs read."
  type        = map(string)
}

variable "parameters" {
  description = "Where Airflow looks for Variables and connections in the Parameter Store."
  type        = string
}

variable "network" {
  description = "Two private subnets, and the security groups of the workers."
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
}

variable "role_arn" {
  description = "Role of Airflow, with its policy: MWAA tries its rights while it is made, and fails for good without them."
  type        = string
}
