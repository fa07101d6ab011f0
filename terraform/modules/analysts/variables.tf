variable "name" {
  description = "Project and environment, for the name of the role."
  type        = string
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
  description = "Columns with personal data, by silver table."
  type        = map(list(string))
}

variable "lake_formation" {
  description = "Whether Lake Formation shows the other columns of those tables; they must have been published once."
  type        = bool
}

variable "curated_bucket" {
  description = "Bucket of the tables."
  type        = string
}

variable "workgroup_arn" {
  description = "ARN of the analysts' workgroup."
  type        = string
}

variable "results_prefix" {
  description = "Prefix of the workgroup's results in the curated bucket."
  type        = string
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
