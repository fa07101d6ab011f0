# What is stored: four buckets, the databases of the catalogue, and the workgroups that ask them.

locals {
  results = "curated/athena_results"
}

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

module "bucket" {
  source = "../bucket"
  for_each = {
    raw       = { archived = { "raw/" = var.archive_landing_days } }
    curated   = { expired = { "${local.results}/" = 7 } }
    artefacts = {}
  }

  name            = "${var.name}-${each.key}-${var.account_id}"
  account_id      = var.account_id
  kms_key_arn     = var.kms_key_arn
  logs_bucket     = module.logs.name
  force_destroy   = var.force_destroy
  noncurrent_days = var.noncurrent_days
  archived        = lookup(each.value, "archived", {})
  expired         = lookup(each.value, "expired", {})
}

resource "aws_glue_catalog_database" "this" {
  for_each = var.databases

  name        = each.key
  description = each.value
}

# Engine 3, encrypted results in a place of their own, and a limit on what a single query may read.
resource "aws_athena_workgroup" "this" {
  for_each = {
    airflow  = "Where the DAGs ask whether each view stands."
    analysts = "Where the analysts ask."
    publish  = "Where publish makes the views."
  }

  name          = "${var.name}-${each.key}"
  description   = each.value
  force_destroy = true

  configuration {
    # The settings below hold whatever a client asks for.
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.gigabytes_per_query * 1000 * 1000 * 1000

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${module.bucket["curated"].name}/${local.results}/${each.key}/"
      expected_bucket_owner = var.account_id

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}
