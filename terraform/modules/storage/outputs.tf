output "buckets" {
  description = "Name and ARN of the four buckets: raw, curated, artefacts, logs."
  value = {
    raw       = { name = module.raw.name, arn = module.raw.arn }
    curated   = { name = module.curated.name, arn = module.curated.arn }
    artefacts = { name = module.artefacts.name, arn = module.artefacts.arn }
    logs      = { name = module.logs.name, arn = module.logs.arn }
  }
}

output "databases" {
  description = "Names of the databases."
  value       = sort([for database in aws_glue_catalog_database.this : database.name])
}

output "workgroups" {
  description = "Name, ARN and prefix of the results of the Athena workgroups: airflow, analysts, publish."
  value = {
    for who, workgroup in module.workgroup : who => {
      name    = workgroup.name
      arn     = workgroup.arn
      results = "curated/athena_results/${who}"
    }
  }
}
