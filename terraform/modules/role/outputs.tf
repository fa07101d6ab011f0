output "arn" {
  description = "ARN of the role, known when it has its policy."
  value       = aws_iam_role.this.arn
  depends_on  = [aws_iam_role_policy.this]
}
