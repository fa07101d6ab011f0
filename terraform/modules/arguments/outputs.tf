output "common" {
  description = "Arguments of every job."
  value       = local.common
}

output "of_step" {
  description = "Further arguments, by step."
  value       = local.of_step
}

output "jars" {
  description = "Names of the jars that the jobs are given."
  value       = local.jars
}
