# Larger; what is deleted can be brought back for a month.

module "lakehouse" {
  source = "../../modules/lakehouse"

  environment = "prod"
  account_id  = var.account_id
  region      = var.region
  repository  = abspath("${path.module}/../../..")

  number_of_workers  = 5
  log_retention_days = 90
  noncurrent_days    = 30
  force_destroy      = false
}
