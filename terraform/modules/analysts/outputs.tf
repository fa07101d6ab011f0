output "role_arn" {
  description = "ARN of the analysts' role."
  value       = module.role.arn
}
