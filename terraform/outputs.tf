output "region" {
  description = "AWS region of all of it."
  value       = var.region
}

output "raw_bucket" {
  description = "Bucket into which the sources deliver, under raw/<domain>/."
  value       = local.buckets.raw.name
}

output "curated_bucket" {
  description = "Bucket of bronze, silver, marts, quarantine, ops and docs, under curated/."
  value       = local.buckets.curated.name
}

output "artefacts_bucket" {
  description = "Bucket of scripts, wheel, jars and project archive under glue_jobs/, of DAGs under dags/."
  value       = local.buckets.artefacts.name
}

output "logs_bucket" {
  description = "Bucket of access logs, flow logs and Spark's event logs."
  value       = local.buckets.logs.name
}

output "kms_key_arn" {
  description = "Key with which the sources encrypt what they deliver, if they name one themselves."
  value       = module.key.arn
}

output "jars" {
  description = "Jars that make upload-jobs must put under glue_jobs/jars/."
  value       = module.arguments.jars
}

output "job_names" {
  description = "Names of the Glue jobs, which are the names of the DAGs."
  value       = sort([for job in module.job : job.name])
}

output "crawler_names" {
  description = "Names of the Glue crawlers, one per domain."
  value       = sort([for crawler in module.crawler : crawler.name])
}

output "airflow_environment" {
  description = "Name of the MWAA environment."
  value       = module.airflow.environment_name
}

output "airflow_parameters" {
  description = "Prefix of the Parameter Store under which connections/slack_webhook and connections/smtp_default belong."
  value       = local.airflow_parameters
}

output "analysts_role_arn" {
  description = "Role that analysts take."
  value       = module.analysts.role_arn
}

output "analysts_workgroup" {
  description = "Athena workgroup of the analysts."
  value       = local.workgroups.analysts.name
}

output "operations_topic_arn" {
  description = "Topic that gets every alarm."
  value       = module.watch.topic_arn
}
