output "raw_bucket" {
  description = "Bucket into which the sources deliver, under raw/<domain>/."
  value       = module.lakehouse.raw_bucket
}

output "curated_bucket" {
  description = "Bucket of bronze, silver, marts, quarantine, ops and docs, under curated/."
  value       = module.lakehouse.curated_bucket
}

output "artefacts_bucket" {
  description = "Bucket of scripts, wheel, jars and project archive under glue_jobs/, of DAGs under dags/."
  value       = module.lakehouse.artefacts_bucket
}

output "logs_bucket" {
  description = "Bucket of access logs, flow logs and Spark's event logs."
  value       = module.lakehouse.logs_bucket
}

output "kms_key_arn" {
  description = "Key with which the sources encrypt what they deliver, if they name one themselves."
  value       = module.lakehouse.kms_key_arn
}

output "jars" {
  description = "Jars that make upload-jobs must put under glue_jobs/jars/."
  value       = module.lakehouse.jars
}

output "job_names" {
  description = "Names of the Glue jobs, which are the names of the DAGs."
  value       = module.lakehouse.job_names
}

output "crawler_names" {
  description = "Names of the Glue crawlers, one a domain."
  value       = module.lakehouse.crawler_names
}

output "airflow_environment" {
  description = "Name of the MWAA environment."
  value       = module.lakehouse.airflow_environment
}

output "airflow_parameters" {
  description = "Prefix of the Parameter Store under which connections/slack_webhook and connections/smtp_default belong."
  value       = module.lakehouse.airflow_parameters
}

output "analysts_role_arn" {
  description = "Role that analysts take."
  value       = module.lakehouse.analysts_role_arn
}

output "analysts_workgroup" {
  description = "Athena workgroup of the analysts."
  value       = module.lakehouse.analysts_workgroup
}

output "operations_topic_arn" {
  description = "Topic that gets every alarm."
  value       = module.lakehouse.operations_topic_arn
}
