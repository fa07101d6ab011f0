output "buckets" {
  description = "Name and ARN of the four buckets: raw, curated, artefacts, logs."
  value = {
    for name, bucket in merge(module.bucket, { logs = module.logs }) : name => { name = bucket.name, arn = bucket.arn }
  }
}

output "workgroups" {
  description = "Name, ARN and prefix of the results of the Athena workgroups: airflow, analysts, publish."
  value = {
    for who, workgroup in aws_athena_workgroup.this :
    who => { name = workgroup.name, arn = workgroup.arn, results = "${local.results}/${who}" }
  }
}
