variable "account_id" {
  description = "AWS account, twelve digits."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-west-1"
}
