output "jobs" {
  description = "Jobs by name: step, domain, description, paths read and written, tables published, workers."
  value       = local.jobs
}

output "databases" {
  description = "Databases of the Glue catalogue, with what each is for."
  value       = local.databases
}

output "crawlers" {
  description = "Crawlers by name: domain, and the prefix of its landing in the raw bucket."
  value       = local.crawlers
}

output "datasets" {
  description = "Names of the datasets."
  value       = sort(flatten(values(local.tables)))
}

output "personal" {
  description = "Columns with personal data, by dataset; datasets without any are left out."
  value       = local.personal
}

output "delete_flags" {
  description = "Column that marks a deleted row, by dataset; datasets that keep no deleted rows are left out."
  value       = local.delete_flags
}

output "view_tables" {
  description = "Tables that the Athena views read."
  value       = local.view_tables
}

output "aging" {
  description = "Domains of which raw files go by their age."
  value       = local.aging
}
