# The lakehouse of one account: what is stored, what runs, who has access, and who is alerted. The contracts determine how many jobs.

locals {
  name       = "${var.project}-${var.environment}"
  repository = abspath("${path.module}/..")

  # Facts that the library holds; written down there and only there.
  library         = "${local.repository}/glue_jobs/lakehouse"
  library_version = trimspace(file("${local.library}/VERSION"))
  metrics         = jsondecode(file("${local.library}/runtime/metrics.json"))

  buckets    = module.storage.buckets
  workgroups = module.storage.workgroups
  # What publish shows; bronze and landing are not for readers.
  published = ["analytics", "marts", "ops", "pinned", "quarantine", "silver"]
  lake_root = "s3://${local.buckets.curated.name}"
  # Airflow asks here for its Variables and connections; those that hold secrets are put there by hand, once.
  airflow_parameters = "/${local.name}/airflow"

  network = var.existing_network == null ? one(module.network[*]) : var.existing_network

  # Settings shared by the modules below; each declares those that it uses.
  platform = {
    name                   = local.name
    account_id             = var.account_id
    region                 = var.region
    kms_key_arn            = module.key.arn
    buckets                = local.buckets
    log_retention_days     = var.log_retention_days
    security_configuration = aws_glue_security_configuration.this.name
  }
}

module "plan" {
  source = "./modules/plan"

  repository = local.repository
  workers    = { type = var.worker_type, most = var.number_of_workers, gigabytes = var.gigabytes_per_worker }
}

module "key" {
  source = "./modules/key"

  name       = local.name
  account_id = var.account_id
  region     = var.region
}

module "storage" {
  source = "./modules/storage"

  name                 = local.name
  databases            = module.plan.databases
  kms_key_arn          = module.key.arn
  gigabytes_per_query  = var.gigabytes_per_query
  archive_landing_days = var.archive_landing_days
  noncurrent_days      = var.noncurrent_days
  log_retention_days   = var.log_retention_days
  force_destroy        = var.force_destroy
  account_id           = var.account_id
}

# ---- what runs

resource "aws_glue_security_configuration" "this" {
  name = local.name

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = module.key.arn
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = module.key.arn
    }

    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = module.key.arn
    }
  }
}

module "arguments" {
  source = "./modules/arguments"

  repository           = local.repository
  code                 = "s3://${local.buckets.artefacts.name}/glue_jobs"
  library_version      = local.library_version
  lake_root            = local.lake_root
  raw_root             = "s3://${local.buckets.raw.name}/raw"
  athena_workgroup     = local.workgroups.publish.name
  openlineage_endpoint = var.openlineage_endpoint
  openlineage_name     = local.name
}

module "job" {
  source   = "./modules/job"
  for_each = module.plan.jobs

  platform    = local.platform
  name        = each.key
  description = each.value.description
  script      = "${each.value.step}.py"
  arguments = merge(
    module.arguments.common,
    each.value.domain == null ? {} : { "--domain" = each.value.domain },
    lookup(module.arguments.of_step, each.value.step, {}),
    each.key == "publish_marts" ? { "--sns_topic" = module.watch.topic_arn } : {},
  )

  reads = concat(
    [for path in each.value.raw : { bucket = local.buckets.raw.name, prefix = path }],
    [for path in each.value.reads : { bucket = local.buckets.curated.name, prefix = "curated/${path}" }],
    [{ bucket = local.buckets.artefacts.name, prefix = "glue_jobs" }],
  )
  writes = [for path in each.value.writes : { bucket = local.buckets.curated.name, prefix = "curated/${path}" }]
  copies = each.key == "transform_marts" ? [{ bucket = local.buckets.curated.name, prefix = "curated/marts" }] : []
  removes = [
    for domain in module.plan.aging : { bucket = local.buckets.raw.name, prefix = "raw/${domain}" } if each.value.step == "maintain"
  ]
  topics            = each.key == "publish_marts" ? [module.watch.topic_arn] : []
  published_tables  = each.value.published
  athena_workgroup  = each.value.step == "publish" ? local.workgroups.publish.name : null
  managed_databases = each.key == "publish_marts" ? local.published : []
  queried_databases = each.key == "publish_marts" ? local.published : []

  worker_type       = var.worker_type
  number_of_workers = each.value.workers
  timeout_minutes   = var.timeout_minutes
  metrics_namespace = local.metrics.namespace
  tags              = { step = each.value.step, domain = each.value.domain == null ? "lakehouse" : each.value.domain }

  # A job's first publish needs its databases.
  depends_on = [module.storage]
}

module "crawler" {
  source     = "./modules/crawler"
  for_each   = module.plan.crawlers
  depends_on = [module.storage]

  platform = local.platform
  name     = each.key
  domain   = each.value.domain
  database = "landing"
  prefix   = each.value.prefix
}

module "network" {
  source = "./modules/network"
  count  = var.existing_network == null ? 1 : 0

  name            = local.name
  cidr_block      = var.cidr_block
  nat_gateway     = var.nat_gateway
  endpoint_zones  = var.endpoint_zones
  logs_bucket_arn = local.buckets.logs.arn
  region          = var.region
}

module "airflow_role" {
  source = "./modules/airflow_role"

  platform         = local.platform
  parameters       = local.airflow_parameters
  landing_prefixes = [for crawler in values(module.plan.crawlers) : crawler.prefix]
  workgroup        = local.workgroups.airflow
  view_tables      = module.plan.view_tables
  job_names        = keys(module.plan.jobs)
  crawler_names    = keys(module.plan.crawlers)
  passed_role_arns = concat(values(module.job)[*].role_arn, values(module.crawler)[*].role_arn)
  topic_arn        = module.watch.topic_arn
}

module "airflow" {
  source = "./modules/airflow"

  platform             = local.platform
  airflow              = var.airflow
  network              = local.network
  role_arn             = module.airflow_role.arn
  parameters           = local.airflow_parameters
  openlineage_endpoint = var.openlineage_endpoint
  mail                 = var.mail
  airflow_variables = merge(
    { lakehouse_lake_root = local.lake_root, lakehouse_raw_root = "s3://${local.buckets.raw.name}/raw" },
    { lakehouse_athena_workgroup = local.workgroups.airflow.name, slack_webhook_conn_id = "slack_webhook" },
    var.ops_email == "" ? {} : { ops_email = var.ops_email },
  )
}

# ---- who may query, and who is alerted

locals {
  # Tables with personal data, and tables read by views that keep deleted rows: analysts never read their files.
  filtered_tables = distinct(concat(keys(module.plan.personal), [
    for table in module.plan.view_tables : table.name
    if table.database == "silver" && contains(keys(module.plan.delete_flags), table.name)
  ]))
  hidden_columns = { for name in local.filtered_tables : name => lookup(module.plan.personal, name, []) }
}

module "analysts" {
  source = "./modules/analysts"

  platform   = local.platform
  workgroup  = local.workgroups.analysts
  principals = var.analysts
  tables = [
    for table in module.plan.view_tables : table
    if contains(["silver", "ops"], table.database) && !contains(local.filtered_tables, table.name)
  ]
  hidden_columns = local.hidden_columns
  lake_formation = var.lake_formation
}

module "lake_formation" {
  source = "./modules/lake_formation"
  count  = var.lake_formation ? 1 : 0

  platform          = local.platform
  hidden_columns    = local.hidden_columns
  delete_flags      = module.plan.delete_flags
  unpublished       = var.unpublished_datasets
  analysts_role_arn = module.analysts.role_arn
  publishers = merge([
    for name, job in module.plan.jobs : {
      for table in job.published : table.name => module.job[name].role_arn if table.database == "silver"
    }
  ]...)
}

module "watch" {
  source = "./modules/watch"

  platform           = local.platform
  job_names          = keys(module.plan.jobs)
  publish_jobs       = [for name, job in module.plan.jobs : name if job.step == "publish"]
  datasets           = module.plan.datasets
  metrics            = local.metrics
  lake_root          = local.lake_root
  grace_hours        = 2
  quarantine_percent = var.quarantine_percent
  monthly_budget_usd = var.monthly_budget_usd
  ops_email          = var.ops_email
}
