output "raw_bucket" {
  description = "Bucket into which the sources deliver, under raw/<domain>/."
  value       = module.raw.name
}

output "curated_bucket" {
  description = "Bucket of bronze, silver, marts, quarantine, ops and docs, under curated/."
  value       = module.curated.name
}

output "artefacts_bucket" {
  description = "Bucket of scripts, wheel, requirements and project archive, under glue_jobs/."
  value       = module.artefacts.name
}

output "job_names" {
  description = "Names of the Glue jobs, which are the names of the DAGs."
  value       = sort([for job in module.job : job.name])
}
