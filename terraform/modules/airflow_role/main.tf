# The role of Airflow: it starts these jobs and crawlers, asks the views, copies the docs, and does what MWAA needs.

locals {
  arn       = "${var.platform.region}:${var.platform.account_id}"
  catalogue = "arn:aws:glue:${local.arn}"
  curated   = var.platform.buckets.curated.arn
  databases = distinct(concat(["analytics"], [for table in var.view_tables : table.database]))
  landed    = "curated/ops/_landed"
  logs      = [for table in var.view_tables : "curated/${table.database}/${table.name}/_delta_log"]
  # With the longest names, so many jobs, crawlers and roles fit into one attached policy.
  jobs     = chunklist(var.job_names, 60)
  crawlers = chunklist(var.crawler_names, 30)
  landings = chunklist(var.landing_prefixes, 30)
  roles    = chunklist(var.passed_role_arns, 55)
}

module "role" {
  source = "../role"

  name        = "${var.platform.name}-airflow"
  description = "What Airflow and its DAGs may do."
  trusted     = { type = "Service", identifiers = ["airflow.amazonaws.com", "airflow-env.amazonaws.com"] }
  policy      = { name = "airflow", json = data.aws_iam_policy_document.airflow.json }
  grown_policies = concat(
    [for number, document in data.aws_iam_policy_document.jobs : { name = "jobs-${number}", json = document.json }],
    [for number, document in data.aws_iam_policy_document.landings : { name = "landings-${number}", json = document.json }],
    [for number, document in data.aws_iam_policy_document.roles : { name = "roles-${number}", json = document.json }],
  )
  account_id = var.platform.account_id
}

data "aws_iam_policy_document" "jobs" {
  count = length(local.jobs)

  statement {
    sid       = "RunTheseJobs"
    actions   = ["glue:BatchStopJobRun", "glue:GetJob", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]
    resources = [for name in local.jobs[count.index] : "arn:aws:glue:${local.arn}:job/${name}"]
  }
}

data "aws_iam_policy_document" "landings" {
  count = length(local.crawlers)

  statement {
    sid       = "RunTheseCrawlers"
    actions   = ["glue:GetCrawler", "glue:StartCrawler"]
    resources = [for name in local.crawlers[count.index] : "arn:aws:glue:${local.arn}:crawler/${name}"]
  }

  statement {
    sid       = "SeeWhatLanded"
    actions   = ["s3:ListBucket"]
    resources = [var.platform.buckets.raw.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = flatten([for prefix in local.landings[count.index] : [prefix, "${prefix}/*"]])
    }
  }
}

data "aws_iam_policy_document" "roles" {
  count = length(local.roles)

  statement {
    sid       = "PassTheseRoles"
    actions   = ["iam:PassRole"]
    resources = local.roles[count.index]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["glue.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "airflow" {
  # ---- what the DAGs do
  # Which of the landed files the job of ingest has dealt with.
  statement {
    sid       = "SeeWhatIsKnown"
    actions   = ["s3:GetObject"]
    resources = ["${local.curated}/${local.landed}/*"]
  }

  statement {
    sid     = "ReadVariablesAndConnections"
    actions = ["ssm:GetParameter"]
    resources = [
      "arn:aws:ssm:${local.arn}:parameter${var.parameters}/connections/*",
      "arn:aws:ssm:${local.arn}:parameter${var.parameters}/variables/*",
    ]
  }

  # Where its Variable lakehouse_sns_topic names the topic, failures and missed deadlines are published to it.
  statement {
    sid       = "NotifyPeople"
    actions   = ["sns:Publish"]
    resources = [var.topic_arn]
  }

  # A view is asked for no rows: Athena looks into the logs of its tables, and opens none of their files.
  statement {
    sid = "AskTheViews"
    actions = [
      "athena:GetQueryExecution", "athena:GetQueryResults", "athena:StartQueryExecution", "athena:StopQueryExecution",
    ]
    resources = [var.workgroup.arn]
  }

  statement {
    sid     = "LookUpTheViews"
    actions = ["glue:GetDatabase", "glue:GetTable"]
    resources = concat(
      ["${local.catalogue}:catalog"],
      # Athena looks for the database default first, whatever database a query names.
      [for database in concat(["default"], local.databases) : "${local.catalogue}:database/${database}"],
      ["${local.catalogue}:table/analytics/*"],
      [for table in var.view_tables : "${local.catalogue}:table/${table.database}/${table.name}"],
    )
  }

  statement {
    sid       = "ReadLogsOfTables"
    actions   = ["s3:GetObject"]
    resources = [for prefix in local.logs : "${local.curated}/${prefix}/*"]
  }

  # Docs are copied from where the jobs write them to where people read them.
  statement {
    sid       = "CopyDocs"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${local.curated}/curated/docs/*", "${local.curated}/docs/*", "${local.curated}/${var.workgroup.results}/*"]
  }

  # The copy of a page that is no longer made goes with it.
  statement {
    sid       = "RemoveOldDocs"
    actions   = ["s3:DeleteObject"]
    resources = ["${local.curated}/docs/*"]
  }

  statement {
    sid       = "ListTablesAndDocs"
    actions   = ["s3:ListBucket"]
    resources = [local.curated]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values = flatten([
        for prefix in concat(local.logs, [local.landed, "curated/docs", "docs", var.workgroup.results]) : [prefix, "${prefix}/*"]
      ])
    }
  }

  statement {
    sid       = "LocateResults"
    actions   = ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
    resources = [local.curated]
  }

  # ---- what MWAA itself does with the role
  statement {
    sid       = "ReadItsFiles"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.platform.buckets.artefacts.arn}/dags/*", "${var.platform.buckets.artefacts.arn}/mwaa/*"]
  }

  statement {
    sid = "KnowItsBucket"
    actions = [
      "s3:GetBucketLocation", "s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning",
      "s3:GetEncryptionConfiguration", "s3:ListBucket", "s3:ListBucketVersions",
    ]
    resources = [var.platform.buckets.artefacts.arn]
  }

  statement {
    sid       = "SayThatItLives"
    actions   = ["airflow:PublishMetrics"]
    resources = ["arn:aws:airflow:${local.arn}:environment/${var.platform.name}"]
  }

  statement {
    sid = "WriteItsLogs"
    actions = [
      "logs:CreateLogGroup", "logs:CreateLogStream", "logs:GetLogEvents", "logs:GetLogGroupFields",
      "logs:GetLogRecord", "logs:GetQueryResults", "logs:PutLogEvents",
    ]
    resources = ["arn:aws:logs:${local.arn}:log-group:airflow-${var.platform.name}-*"]
  }

  # Neither action knows a resource: they look at the account as a whole, and change nothing.
  statement {
    sid       = "LookAtTheAccount"
    actions   = ["logs:DescribeLogGroups", "s3:GetAccountPublicAccessBlock"]
    resources = ["*"]
  }

  # CloudWatch offers no resource narrower than all metrics; the namespace narrows it instead.
  statement {
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["AmazonMWAA"]
    }
  }

  # The queue lies in an account of Amazon's own, whose number is not known beforehand.
  statement {
    sid = "UseItsQueue"
    actions = [
      "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
      "sqs:ReceiveMessage", "sqs:SendMessage",
    ]
    resources = ["arn:aws:sqs:${var.platform.region}:*:airflow-celery-*"]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.platform.kms_key_arn]
  }
}
