variable "repository" {
  description = "Root folder of the repository, which holds contracts/ and dbt/."
  type        = string
}
