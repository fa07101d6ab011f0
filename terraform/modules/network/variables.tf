variable "name" {
  description = "Name of the VPC."
  type        = string
}

variable "cidr_block" {
  description = "Addresses of the VPC, a /16 to /24."
  type        = string
}

variable "nat_gateway" {
  description = "Whether the private subnets reach the Internet: Slack, mail, PyPI and a lineage server outside AWS need it."
  type        = bool
}

variable "endpoint_zones" {
  description = "Zones in which each interface endpoint stands, 1 or 2."
  type        = number

  validation {
    condition     = contains([1, 2], var.endpoint_zones)
    error_message = "endpoint_zones must be 1 or 2: there are two private subnets."
  }
}

variable "logs_bucket_arn" {
  description = "ARN of the bucket that gets the flow logs, under flow/."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}
