# Small and easily thrown away.

module "lakehouse" {
  source = "../../modules/lakehouse"

  environment = "dev"
  account_id  = var.account_id
  region      = var.region
  repository  = abspath("${path.module}/../../..")

  number_of_workers  = 2
  log_retention_days = 14
  noncurrent_days    = 3
  force_destroy      = true
}
