# One Glue job with its log groups and a role of its own, which sees only the prefixes and tables it is given.

locals {
  log_prefix = "/${var.platform.name}/${var.name}"
  # With a security configuration Glue adds its name and the role's to the prefix.
  log_groups = "${local.log_prefix}/${var.platform.security_configuration}-role/${var.platform.name}-${var.name}"
  catalogue  = "arn:aws:glue:${var.platform.region}:${var.platform.account_id}"

  # Spark's event logs, from which the history server draws a run that is over.
  spark_ui = "spark-ui/${var.name}"
  # Packages are installed once and kept, for each job apart: none can change what another runs with.
  packages = "packages/${var.name}"
  writes = concat(var.writes, [
    { bucket = var.platform.buckets.logs.name, prefix = local.spark_ui },
    { bucket = var.platform.buckets.artefacts.name, prefix = local.packages },
  ])

  # IAM takes 6,144 characters of an attached policy, so what grows is cut in pieces that fit.
  published = chunklist(var.published_tables, 40)
}

resource "aws_glue_job" "this" {
  name         = var.name
  description  = var.description
  role_arn     = module.role.arn
  glue_version = "6.0"

  worker_type            = var.worker_type
  number_of_workers      = var.number_of_workers
  timeout                = var.timeout_minutes
  security_configuration = var.platform.security_configuration
  # Airflow retries, and knows which failures are worth it.
  max_retries = 0

  command {
    name            = "glueetl"
    script_location = "s3://${var.platform.buckets.artefacts.name}/glue_jobs/${var.script}"
    python_version  = "3"
  }

  execution_property {
    max_concurrent_runs = 1
  }

  default_arguments = merge(var.arguments, {
    "--custom-logGroup-prefix" = local.log_prefix
    "--job-language"           = "python"
    # Workers come and go with the work; number_of_workers is the most.
    "--enable-auto-scaling"               = "true"
    "--python-virtual-env-storage-prefix" = "s3://${var.platform.buckets.artefacts.name}/${local.packages}/"
    "--enable-metrics"                    = "true"
    "--enable-observability-metrics"      = "true"
    "--enable-spark-ui"                   = "true"
    "--spark-event-logs-path"             = "s3://${var.platform.buckets.logs.name}/${local.spark_ui}/"
  })

  tags = var.tags

  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["error", "output"])

  name              = "${local.log_groups}/${each.key}"
  retention_in_days = var.platform.log_retention_days
  kms_key_id        = var.platform.kms_key_arn
  tags              = var.tags
}

module "places" {
  source = "../places"

  reads   = var.reads
  writes  = local.writes
  removes = var.removes
  copies  = var.copies
}

module "role" {
  source = "../role"

  name        = "${var.platform.name}-${var.name}"
  description = "What the Glue job ${var.name} may do."
  trusted     = { type = "Service", identifiers = ["glue.amazonaws.com"] }
  policy      = { name = "job", json = data.aws_iam_policy_document.job.json }
  grown_policies = concat(
    module.places.documents,
    [for number, document in data.aws_iam_policy_document.published : { name = "tables-${number}", json = document.json }],
  )
  account_id = var.platform.account_id
  tags       = var.tags
}

# A domain has as many tables as datasets, and the marts have one for each view.
data "aws_iam_policy_document" "published" {
  count = length(local.published)

  statement {
    # Deleting is the way back of a first publish that failed.
    sid     = "PublishTables"
    actions = ["glue:GetDatabase", "glue:GetTable", "glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable"]
    resources = concat(
      ["${local.catalogue}:catalog"],
      sort(distinct([for table in local.published[count.index] : "${local.catalogue}:database/${table.database}"])),
      [for table in local.published[count.index] : "${local.catalogue}:table/${table.database}/${table.name}"],
    )
  }
}

data "aws_iam_policy_document" "job" {
  # Glue makes groups that are not there.
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:${var.platform.region}:${var.platform.account_id}:log-group:${local.log_prefix}/*"]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.platform.kms_key_arn]
  }

  # CloudWatch offers no resource narrower than all metrics; the namespace narrows it instead.
  statement {
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["Glue", var.metrics_namespace]
    }
  }

  dynamic "statement" {
    for_each = length(var.topics) > 0 ? [1] : []
    content {
      sid       = "NotifyPeople"
      actions   = ["sns:Publish"]
      resources = var.topics
    }
  }

  # What is gone from contracts and views goes from the catalogue too, and nobody knows its name beforehand.
  dynamic "statement" {
    for_each = length(var.managed_databases) > 0 ? [1] : []
    content {
      sid     = "DropWhatIsGone"
      actions = ["glue:DeleteTable", "glue:GetTables"]
      resources = concat(
        ["${local.catalogue}:catalog"],
        [for database in var.managed_databases : "${local.catalogue}:database/${database}"],
        [for database in var.managed_databases : "${local.catalogue}:table/${database}/*"],
      )
    }
  }

  dynamic "statement" {
    for_each = var.athena_workgroup == null ? [] : [var.athena_workgroup]
    content {
      sid = "MakeViews"
      actions = [
        "athena:GetQueryExecution", "athena:GetQueryResults", "athena:StartQueryExecution", "athena:StopQueryExecution",
      ]
      resources = ["arn:aws:athena:${var.platform.region}:${var.platform.account_id}:workgroup/${statement.value}"]
    }
  }

  # Athena looks up what a view reads, and where its results go, with the rights of its caller.
  dynamic "statement" {
    for_each = length(var.queried_databases) > 0 ? [1] : []
    content {
      sid     = "LookUpTables"
      actions = ["glue:GetDatabase", "glue:GetTable"]
      resources = concat(
        ["${local.catalogue}:catalog"],
        # Athena looks for the database default first, whatever database a statement names.
        [for database in concat(["default"], var.queried_databases) : "${local.catalogue}:database/${database}"],
        [for database in var.queried_databases : "${local.catalogue}:table/${database}/*"],
      )
    }
  }

  dynamic "statement" {
    for_each = var.athena_workgroup == null ? [] : [1]
    content {
      sid       = "LocateResults"
      actions   = ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
      resources = distinct([for grant in var.writes : "arn:aws:s3:::${grant.bucket}"])
    }
  }
}
