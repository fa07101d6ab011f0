output "environment_name" {
  description = "Name of the MWAA environment."
  value       = aws_mwaa_environment.this.name
}

output "dags_prefix" {
  description = "Prefix of the artefacts bucket from which MWAA takes the DAGs."
  value       = aws_mwaa_environment.this.dag_s3_path
}

output "role_arn" {
  description = "ARN of Airflow's role."
  value       = module.role.arn
}

output "parameters" {
  description = "Where Airflow looks for Variables and connections in the Parameter Store."
  value       = local.parameters
}
