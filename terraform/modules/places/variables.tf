variable "reads" {
  description = "Prefixes that are read."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "writes" {
  description = "Prefixes that are read and written."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "removes" {
  description = "Prefixes from which objects are removed and not read."
  type        = list(object({ bucket = string, prefix = string }))
}

variable "copies" {
  description = "Prefixes, among those that are written, below which copies of tables are made."
  type        = list(object({ bucket = string, prefix = string }))
  default     = []
}
