variable "repository" {
  description = "Root folder of the repository, which holds contracts/ and dbt/."
  type        = string
}

variable "workers" {
  description = "Type and most workers of a job, and gigabytes of a delivery for which it gets one of 4 cores."
  type        = object({ type = string, most = number, gigabytes = number })
}
