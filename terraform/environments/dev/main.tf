# Small and easily thrown away.

module "lakehouse" {
  source = "../../modules/lakehouse"

  environment = "dev"
  account_id  = var.account_id
  region      = var.region
  repository  = abspath("${path.module}/../../..")

  openlineage_endpoint = var.openlineage_endpoint
  ops_email            = var.ops_email
  mail                 = var.mail
  existing_network     = var.existing_network
  lake_formation       = var.lake_formation

  number_of_workers   = 2
  endpoint_zones      = 1
  airflow             = { workers = { min = 1, max = 2 } }
  gigabytes_per_query = 50
  monthly_budget_usd  = 700
  log_retention_days  = 14
  noncurrent_days     = 3
  force_destroy       = true
}
