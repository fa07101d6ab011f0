output "role_arn" {
  description = "ARN of the analysts' role."
  value       = aws_iam_role.this.arn
}
