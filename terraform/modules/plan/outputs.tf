output "jobs" {
  description = "Jobs by name: step, domain, description, paths read and written, tables published."
  value       = local.jobs
}

output "databases" {
  description = "Databases of the Glue catalogue, with what each is for."
  value       = local.databases
}
