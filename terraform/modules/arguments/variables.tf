variable "repository" {
  description = "Root folder of the repository, which holds glue_jobs/ and, where the log store is, jvm/."
  type        = string
}

variable "code" {
  description = "Where scripts, wheel, requirements, project archive and jars lie, without a slash at its end."
  type        = string
}

variable "library_version" {
  description = "Version of the wheel."
  type        = string
}

variable "lake_root" {
  description = "Root of the lake."
  type        = string
}

variable "raw_root" {
  description = "Root of the raw layer, which only ingest reads."
  type        = string
}

variable "athena_workgroup" {
  description = "Workgroup in which publish makes the views."
  type        = string
}

variable "openlineage_endpoint" {
  description = "Address of the lineage server; empty for no lineage."
  type        = string
}

variable "openlineage_name" {
  description = "Namespace of the jobs in the lineage graph."
  type        = string
}
