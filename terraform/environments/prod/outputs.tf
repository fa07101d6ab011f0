output "raw_bucket" {
  description = "Bucket into which the sources deliver, under raw/<domain>/."
  value       = module.lakehouse.raw_bucket
}

output "curated_bucket" {
  description = "Bucket of bronze, silver, marts, quarantine, ops and docs, under curated/."
  value       = module.lakehouse.curated_bucket
}

output "artefacts_bucket" {
  description = "Bucket of scripts, wheel, requirements and project archive, under glue_jobs/."
  value       = module.lakehouse.artefacts_bucket
}

output "job_names" {
  description = "Names of the Glue jobs, which are the names of the DAGs."
  value       = module.lakehouse.job_names
}
