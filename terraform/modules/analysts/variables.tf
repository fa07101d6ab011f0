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

variable "principals" {
  description = "Who may take the role; without any, whom the account's own IAM policies let."
  type        = list(string)
}

variable "tables" {
  description = "Tables outside the marts that may be read whole: those that views read and that hold no personal data."
  type        = list(object({ database = string, name = string }))
}

variable "hidden_columns" {
  description = "Columns with personal data, by silver table; none where a table is listed for its deleted rows alone."
  type        = map(list(string))
}

variable "lake_formation" {
  description = "Whether Lake Formation shows the other columns of those tables; they must have been published once."
  type        = bool
}

variable "workgroup" {
  description = "Workgroup of the analysts: its ARN, and the prefix of its results in the curated bucket."
  type        = object({ arn = string, results = string })
}
