# The role of the analysts: marts, views, and what the views read; never a person's data, never quarantine.

locals {
  catalogue = "arn:aws:glue:${var.platform.region}:${var.platform.account_id}"
  bucket    = var.platform.buckets.curated.arn
  objects   = "${local.bucket}/curated"

  databases = distinct(concat(["analytics", "marts"], [for table in var.tables : table.database]))
  prefixes  = concat(["curated/marts"], [for table in var.tables : "curated/${table.database}/${table.name}"])
}

module "role" {
  source = "../role"

  name        = "${var.platform.name}-analysts"
  description = "Asks Athena about marts, views and what the views read, without personal data."
  trusted = {
    type        = "AWS"
    identifiers = length(var.principals) > 0 ? var.principals : ["arn:aws:iam::${var.platform.account_id}:root"]
  }
  policy     = { name = "analysts", json = data.aws_iam_policy_document.analysts.json }
  account_id = var.platform.account_id
}

data "aws_iam_policy_document" "analysts" {
  statement {
    sid = "Ask"
    actions = [
      "athena:BatchGetQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults",
      "athena:GetQueryResultsStream", "athena:GetWorkGroup", "athena:ListQueryExecutions",
      "athena:StartQueryExecution", "athena:StopQueryExecution",
    ]
    resources = [var.workgroup.arn]
  }

  # The console's list of workgroups knows no resource; it tells names and nothing else.
  statement {
    sid       = "FindTheWorkgroup"
    actions   = ["athena:ListWorkGroups"]
    resources = ["*"]
  }

  statement {
    sid = "BrowseTheCatalogue"
    actions = [
      "athena:GetDatabase", "athena:GetDataCatalog", "athena:GetTableMetadata", "athena:ListDatabases",
      "athena:ListTableMetadata",
    ]
    resources = ["arn:aws:athena:${var.platform.region}:${var.platform.account_id}:datacatalog/AwsDataCatalog"]
  }

  statement {
    sid     = "LookUpTables"
    actions = ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"]
    resources = concat(
      ["${local.catalogue}:catalog"],
      # Athena looks for the database default first, whatever database a query names.
      [for database in concat(["default"], local.databases) : "${local.catalogue}:database/${database}"],
      ["${local.catalogue}:table/analytics/*", "${local.catalogue}:table/marts/*"],
      [for table in var.tables : "${local.catalogue}:table/${table.database}/${table.name}"],
      # With Lake Formation the columns that are left can be asked for, so the table must be found.
      var.lake_formation ? [for name in keys(var.hidden_columns) : "${local.catalogue}:table/silver/${name}"] : [],
    )
  }

  statement {
    sid       = "ReadTables"
    actions   = ["s3:GetObject"]
    resources = [for prefix in local.prefixes : "${local.bucket}/${prefix}/*"]
  }

  statement {
    sid       = "ListTables"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = flatten([for prefix in concat(local.prefixes, [var.workgroup.results]) : [prefix, "${prefix}/*"]])
    }
  }

  statement {
    sid       = "KeepResults"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${local.bucket}/${var.workgroup.results}/*"]
  }

  statement {
    sid       = "LocateResults"
    actions   = ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
    resources = [local.bucket]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.platform.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.platform.region}.amazonaws.com"]
    }
  }

  # Holds whatever else somebody attaches to this role: the files of these tables have every column.
  statement {
    sid     = "NeverPersonalDataOrQuarantine"
    effect  = "Deny"
    actions = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = concat(
      ["${local.objects}/bronze/*", "${local.objects}/quarantine/*", "${local.objects}/docs/data_docs/*"],
      [for name in keys(var.hidden_columns) : "${local.objects}/silver/${name}/*"],
    )
  }

  # Lake Formation decides for each table and column by its own grants; the action knows no resource.
  dynamic "statement" {
    for_each = var.lake_formation ? [1] : []
    content {
      sid       = "AskLakeFormation"
      actions   = ["lakeformation:GetDataAccess"]
      resources = ["*"]
    }
  }
}
