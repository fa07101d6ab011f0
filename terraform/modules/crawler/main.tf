# One Glue crawler over the landing of a domain, with a role that sees only that domain's files.

locals {
  catalogue = "arn:aws:glue:${var.platform.region}:${var.platform.account_id}"
  logs      = "arn:aws:logs:${var.platform.region}:${var.platform.account_id}:log-group:/aws-glue/crawlers*"
}

resource "aws_glue_crawler" "this" {
  name                   = var.name
  description            = "Shows in ${var.database} what ${var.domain} has delivered, as it came."
  database_name          = var.database
  role                   = module.role.arn
  security_configuration = var.platform.security_configuration

  s3_target {
    path = "s3://${var.platform.buckets.raw.name}/${var.prefix}/"
  }

  # Deliveries are never changed, so a folder that was seen need not be read again. With it, the schema is only logged.
  recrawl_policy {
    recrawl_behavior = "CRAWL_NEW_FOLDERS_ONLY"
  }

  schema_change_policy {
    update_behavior = "LOG"
    delete_behavior = "LOG"
  }

  # One table a domain's folder, not one for each version of a file.
  configuration = jsonencode({
    Version  = 1.0
    Grouping = { TableLevelConfiguration = 3 }
  })
}

# Glue would make the group itself, and keep it for ever; so it names that of a crawler with a security configuration.
resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:How long logs are kept is a value of each environment: prod keeps them for more than a year.

  name              = "/aws-glue/crawlers-role/${var.platform.name}-${var.name}-${var.platform.security_configuration}"
  retention_in_days = var.platform.log_retention_days
  kms_key_id        = var.platform.kms_key_arn
}

module "role" {
  source = "../role"

  name        = "${var.platform.name}-${var.name}"
  description = "What the Glue crawler ${var.name} may do."
  trusted     = { type = "Service", identifiers = ["glue.amazonaws.com"] }
  policy      = { name = "crawler", json = data.aws_iam_policy_document.crawler.json }
  account_id  = var.platform.account_id
}

data "aws_iam_policy_document" "crawler" {
  statement {
    sid       = "ReadLanding"
    actions   = ["s3:GetObject"]
    resources = ["${var.platform.buckets.raw.arn}/${var.prefix}/*"]
  }

  statement {
    sid       = "ListLanding"
    actions   = ["s3:ListBucket"]
    resources = [var.platform.buckets.raw.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [var.prefix, "${var.prefix}/*"]
    }
  }

  statement {
    sid       = "LocateLanding"
    actions   = ["s3:GetBucketLocation"]
    resources = [var.platform.buckets.raw.arn]
  }

  # A crawler names its tables after the folders it finds, so the tables of its database are as narrow as it gets.
  statement {
    sid = "KeepTables"
    actions = [
      "glue:BatchCreatePartition", "glue:BatchGetPartition", "glue:CreatePartition", "glue:CreateTable",
      "glue:GetDatabase", "glue:GetPartitions", "glue:GetTable", "glue:GetTables", "glue:UpdatePartition",
      "glue:UpdateTable",
    ]
    resources = [
      "${local.catalogue}:catalog",
      "${local.catalogue}:database/${var.database}",
      "${local.catalogue}:table/${var.database}/*",
    ]
  }

  # Some releases of Glue leave the role's name out of the group's.
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [local.logs]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.platform.kms_key_arn]
  }
}
