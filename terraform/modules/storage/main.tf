# What is stored: four buckets, the databases of the catalogue, and the workgroups that ask them.

module "logs" {
  source = "../bucket"

  name            = "${var.name}-logs-${var.account_id}"
  account_id      = var.account_id
  kms_key_arn     = null
  logs_bucket     = null
  force_destroy   = var.force_destroy
  noncurrent_days = 1
  expired         = { "access/" = var.log_retention_days, "flow/" = var.log_retention_days, "spark-ui/" = var.log_retention_days }
  log_writers     = { "logging.s3.amazonaws.com" = "access", "delivery.logs.amazonaws.com" = "flow" }
}

module "raw" {
  source = "../bucket"

  name            = "${var.name}-raw-${var.account_id}"
  account_id      = var.account_id
  kms_key_arn     = var.kms_key_arn
  logs_bucket     = module.logs.name
  force_destroy   = var.force_destroy
  noncurrent_days = var.noncurrent_days
  archived        = { "raw/" = var.archive_landing_days }
}

module "curated" {
  source = "../bucket"

  name            = "${var.name}-curated-${var.account_id}"
  account_id      = var.account_id
  kms_key_arn     = var.kms_key_arn
  logs_bucket     = module.logs.name
  force_destroy   = var.force_destroy
  noncurrent_days = var.noncurrent_days
  expired         = { "curated/athena_results/" = 7 }
}

module "artefacts" {
  source = "../bucket"

  name            = "${var.name}-artefacts-${var.account_id}"
  account_id      = var.account_id
  kms_key_arn     = var.kms_key_arn
  logs_bucket     = module.logs.name
  force_destroy   = var.force_destroy
  noncurrent_days = var.noncurrent_days
}

resource "aws_glue_catalog_database" "this" {
  for_each = var.databases

  name        = each.key
  description = each.value
}

module "workgroup" {
  source = "../workgroup"
  for_each = {
    airflow  = "Where the DAGs ask whether each view stands."
    analysts = "Where the analysts ask."
    publish  = "Where publish makes the views."
  }

  name                = "${var.name}-${each.key}"
  description         = each.value
  results             = { bucket = module.curated.name, prefix = "curated/athena_results/${each.key}" }
  gigabytes_per_query = var.gigabytes_per_query
  kms_key_arn         = var.kms_key_arn
  account_id          = var.account_id
}
