variable "account_id" {
  description = "AWS account, twelve digits."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-west-1"
}

variable "ops_email" {
  description = "Address that gets alarms and Airflow's mail; empty for none."
  type        = string
  default     = ""
}

variable "mail" {
  description = "Server that takes Airflow's mail: host, port, from; null for none."
  type        = object({ host = string, port = number, from = string })
  default     = null
}

variable "openlineage_endpoint" {
  description = "Address of the lineage server; empty for no lineage."
  type        = string
  default     = ""
}

variable "existing_network" {
  description = "Private subnets in two zones and security groups of a VPC that is there; null to make one."
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
  default     = null
}

variable "lake_formation" {
  description = "Whether analysts see tables with personal data less those columns; publish must have run once."
  type        = bool
  default     = false
}
