# The lakehouse of one account: buckets, databases, and the jobs that the contracts ask for.

locals {
  prefix = "${var.project}-${var.environment}"

  library_version = regex("__version__ = \"([^\"]+)\"", file("${var.repository}/glue_jobs/lakehouse/__init__.py"))[0]

  # The settings of the library's Spark module; a test keeps the two the same.
  spark_settings = {
    "spark.sql.extensions"                     = "io.delta.sql.DeltaSparkSessionExtension"
    "spark.sql.catalog.spark_catalog"          = "org.apache.spark.sql.delta.catalog.DeltaCatalog"
    "spark.sql.session.timeZone"               = "UTC"
    "spark.sql.parquet.outputTimestampType"    = "TIMESTAMP_MICROS"
    "spark.sql.ansi.enabled"                   = "true"
    "spark.sql.codegen.cache.maxEntries"       = "2000"
    "spark.sql.sources.partitionOverwriteMode" = "static"
    "spark.sql.catalogImplementation"          = "in-memory"
  }

  code = "s3://${module.artefacts.name}/glue_jobs"
  arguments = {
    "--lake_root"        = "s3://${module.curated.name}"
    "--datalake-formats" = "delta"
    # Glue takes one --conf; the further settings follow inside its value.
    "--conf"                            = join(" --conf ", [for name, value in local.spark_settings : "${name}=${value}"])
    "--extra-py-files"                  = "${local.code}/lakehouse-${local.library_version}-py3-none-any.whl"
    "--extra-files"                     = "${local.code}/lakehouse_project.zip"
    "--additional-python-modules"       = "${local.code}/requirements.txt"
    "--python-modules-installer-option" = "-r"
  }
}

module "plan" {
  source = "../plan"

  repository = var.repository
}

module "raw" {
  source = "../bucket"

  name            = "${local.prefix}-raw-${var.account_id}"
  force_destroy   = var.force_destroy
  noncurrent_days = var.noncurrent_days
}

module "curated" {
  source = "../bucket"

  name            = "${local.prefix}-curated-${var.account_id}"
  force_destroy   = var.force_destroy
  noncurrent_days = var.noncurrent_days
}

module "artefacts" {
  source = "../bucket"

  name            = "${local.prefix}-artefacts-${var.account_id}"
  force_destroy   = var.force_destroy
  noncurrent_days = var.noncurrent_days
}

resource "aws_glue_catalog_database" "this" {
  for_each = module.plan.databases

  name        = each.key
  description = each.value
}

module "job" {
  source   = "../job"
  for_each = module.plan.jobs

  name        = each.key
  prefix      = local.prefix
  description = each.value.description
  script      = "${each.value.step}.py"
  arguments = merge(
    local.arguments,
    each.value.domain == null ? {} : { "--domain" = each.value.domain },
    each.value.step == "ingest" ? { "--raw_root" = "s3://${module.raw.name}/raw" } : {},
  )

  reads = concat(
    [for path in each.value.raw : { bucket = module.raw.name, prefix = path }],
    [for path in each.value.reads : { bucket = module.curated.name, prefix = "curated/${path}" }],
    [{ bucket = module.artefacts.name, prefix = "glue_jobs" }],
  )
  writes            = [for path in each.value.writes : { bucket = module.curated.name, prefix = "curated/${path}" }]
  published_tables  = each.value.published
  athena_workgroup  = each.key == "publish_marts" ? "primary" : null
  queried_databases = each.key == "publish_marts" ? ["silver", "marts"] : []

  number_of_workers  = var.number_of_workers
  timeout_minutes    = var.timeout_minutes
  artefacts_bucket   = module.artefacts.name
  log_retention_days = var.log_retention_days
  account_id         = var.account_id
  region             = var.region

  # A job's first publish needs its databases.
  depends_on = [aws_glue_catalog_database.this]
}
