output "subnet_ids" {
  description = "The two private subnets."
  value       = aws_subnet.private[*].id
}

output "security_group_ids" {
  description = "The security group of Airflow and the endpoints."
  value       = [aws_security_group.this.id]
}
