variable "platform" {
  description = "Settings shared by all modules."
  type = object({
    name        = string
    account_id  = string
    kms_key_arn = string
    buckets     = map(object({ name = string, arn = string }))
  })
}

variable "hidden_columns" {
  description = "Columns with personal data, by silver table; none where a table is listed for its deleted rows alone."
  type        = map(list(string))
}

variable "delete_flags" {
  description = "Column that marks a deleted row, by silver table."
  type        = map(string)
}

variable "unpublished" {
  description = "Silver tables that publish has not shown yet: Lake Formation filters nothing that is not there."
  type        = list(string)
}

variable "publishers" {
  description = "ARN of the role that publishes each silver table."
  type        = map(string)
}

variable "analysts_role_arn" {
  description = "ARN of the role to which Lake Formation shows them."
  type        = string
}
