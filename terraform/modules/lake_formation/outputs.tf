output "role_arn" {
  description = "ARN of the role with which Lake Formation reads the files."
  value       = module.reader.arn
}
