output "name" {
  description = "Name of the crawler."
  value       = aws_glue_crawler.this.name
}

output "role_arn" {
  description = "ARN of the crawler's role."
  value       = module.role.arn
}
