variable "name" {
  description = "Name of the role."
  type        = string
}

variable "description" {
  description = "What the role is for, in one line."
  type        = string
}

variable "trusted" {
  description = "Who may take the role: type Service, for services acting for this account, or AWS; and their names."
  type        = object({ type = string, identifiers = list(string) })

  validation {
    condition     = contains(["AWS", "Service"], var.trusted.type)
    error_message = "trusted.type must be AWS or Service."
  }
}

variable "policy" {
  description = "The policy document that says what the role may do, and its name."
  type        = object({ name = string, json = string })
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "tags" {
  description = "Tags beside those of the environment."
  type        = map(string)
  default     = null
}
