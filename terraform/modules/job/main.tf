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

  # IAM takes 10,240 characters of inline policies a role and 6,144 of an attached one. What grows with the datasets of a
  # domain is attached, in pieces that fit with names as long as ours.
  places = chunklist(concat(
    [for grant in var.reads : merge(grant, { writes = false })],
    [for grant in local.writes : merge(grant, { writes = true })],
  ), 15)

  # The folders above what it writes. S3A looks whether they are there before it makes one, by a HEAD and a listing.
  above = [for grants in local.places : distinct(flatten([
    for grant in grants : [
      for depth in range(1, length(split("/", grant.prefix)) + 1) :
      { bucket = grant.bucket, folder = join("/", slice(split("/", grant.prefix), 0, depth)) }
    ] if grant.writes
  ]))]

  # What a job reads or writes it also lists.
  listed = [for grants in local.places : { for grant in grants : grant.bucket => grant.prefix... }]

  published = chunklist(var.published_tables, 40)
  removes   = chunklist(var.removes, 25)
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

module "role" {
  source = "../role"

  name        = "${var.platform.name}-${var.name}"
  description = "What the Glue job ${var.name} may do."
  trusted     = { type = "Service", identifiers = ["glue.amazonaws.com"] }
  policy      = { name = "job", json = data.aws_iam_policy_document.job.json }
  grown_policies = concat(
    [for number, document in data.aws_iam_policy_document.places : { name = "places-${number}", json = document.json }],
    [for number, document in data.aws_iam_policy_document.published : { name = "tables-${number}", json = document.json }],
    [for number, document in data.aws_iam_policy_document.removes : { name = "removes-${number}", json = document.json }],
  )
  account_id = var.platform.account_id
  tags       = var.tags
}

data "aws_iam_policy_document" "places" {
  count = length(local.places)

  dynamic "statement" {
    for_each = anytrue([for grant in local.places[count.index] : !grant.writes]) ? [1] : []
    content {
      sid       = "ReadObjects"
      actions   = ["s3:GetObject"]
      resources = [for grant in local.places[count.index] : "arn:aws:s3:::${grant.bucket}/${grant.prefix}/*" if !grant.writes]
    }
  }

  dynamic "statement" {
    for_each = anytrue(local.places[count.index][*].writes) ? [1] : []
    content {
      sid       = "WriteObjects"
      actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
      resources = [for grant in local.places[count.index] : "arn:aws:s3:::${grant.bucket}/${grant.prefix}/*" if grant.writes]
    }
  }

  # No object has one of these names: the answer is that there is none, where without the right it would be a refusal.
  dynamic "statement" {
    for_each = length(local.above[count.index]) > 0 ? [1] : []
    content {
      sid       = "LookForFolders"
      actions   = ["s3:GetObject"]
      resources = [for place in local.above[count.index] : "arn:aws:s3:::${place.bucket}/${place.folder}"]
    }
  }

  dynamic "statement" {
    for_each = local.listed[count.index]
    content {
      sid       = "List${index(keys(local.listed[count.index]), statement.key)}"
      actions   = ["s3:ListBucket"]
      resources = ["arn:aws:s3:::${statement.key}"]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values = concat(
          flatten([for prefix in statement.value : [prefix, "${prefix}/*"]]),
          flatten([
            for place in local.above[count.index] : [place.folder, "${place.folder}/"] if place.bucket == statement.key
          ]),
        )
      }
    }
  }
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

# What goes by its age is not read: which file it is stands in the ledgers.
data "aws_iam_policy_document" "removes" {
  count = length(local.removes)

  statement {
    sid       = "RemoveObjects"
    actions   = ["s3:DeleteObject"]
    resources = [for grant in local.removes[count.index] : "arn:aws:s3:::${grant.bucket}/${grant.prefix}/*"]
  }

  dynamic "statement" {
    for_each = { for grant in local.removes[count.index] : grant.bucket => grant.prefix... }
    content {
      sid       = "ListWhatIsRemoved"
      actions   = ["s3:ListBucket"]
      resources = ["arn:aws:s3:::${statement.key}"]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = [for prefix in statement.value : "${prefix}/"]
      }
    }
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
