variable "name" {
  description = "Name of the role."
  type        = string

  validation {
    condition     = length(var.name) <= 64
    error_message = "The role ${var.name} has ${length(var.name)} characters, and IAM takes 64; shorten project, environment or domain."
  }
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

variable "grown_policies" {
  description = "Policy documents that grow with the contracts, each at most 6,144 characters; a role takes ten of them."
  type        = list(object({ name = string, json = string }))
  default     = []

  validation {
    condition     = length(var.grown_policies) <= 10
    error_message = "A role takes ten attached policies; ask AWS to raise the quota, or split the lakehouse."
  }
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
