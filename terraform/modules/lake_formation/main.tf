# What analysts see of a table less personal columns and deleted rows: IAM knows neither columns nor rows, Lake Formation does.

locals {
  bucket  = var.platform.buckets.curated.arn
  silver  = "${local.bucket}/curated/silver"
  granted = { for name, columns in var.hidden_columns : name => columns if !contains(var.unpublished, name) }
  shown   = chunklist(sort(keys(local.granted)), 20)
  # The condition is that of glue_jobs/lakehouse/publish/not_deleted.py: a null flag counts as not deleted.
  rows_shown = { for name, flag in var.delete_flags : name => "${flag} = false OR ${flag} IS NULL" }
}

# Lake Formation reads the files for whom it lets. Its service's own role may not use our key, and nobody can give it more.
module "reader" {
  source = "../role"

  name        = "${var.platform.name}-lake-formation"
  description = "With it Lake Formation reads the tables of which it shows a part."
  trusted     = { type = "Service", identifiers = ["lakeformation.amazonaws.com"] }
  policy      = { name = "key", json = data.aws_iam_policy_document.reader_key.json }
  grown_policies = [
    for number, document in data.aws_iam_policy_document.reader : { name = "tables-${number}", json = document.json }
  ]
  account_id = var.platform.account_id
}

data "aws_iam_policy_document" "reader_key" {
  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt"]
    resources = [var.platform.kms_key_arn]
  }
}

data "aws_iam_policy_document" "reader" {
  count = length(local.shown)

  statement {
    sid       = "ReadTables"
    actions   = ["s3:GetObject"]
    resources = [for name in local.shown[count.index] : "${local.silver}/${name}/*"]
  }

  statement {
    sid       = "ListTables"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = flatten([for name in local.shown[count.index] : ["curated/silver/${name}", "curated/silver/${name}/*"]])
    }
  }
}

# Hybrid: who has not opted in, that is every job, goes on with IAM alone. The filter comes first: where it fails, because
# the table was never published, no place is registered, in which publish could then make none.
resource "aws_lakeformation_resource" "this" {
  for_each = local.granted

  arn                   = "${local.silver}/${each.key}"
  role_arn              = module.reader.arn
  hybrid_access_enabled = true

  depends_on = [aws_lakeformation_data_cells_filter.this]
}

# Whoever makes a table in a registered place must be allowed to, hybrid or not: publish does after a rebuild.
resource "aws_lakeformation_permissions" "publish" {
  for_each = local.granted

  principal   = var.publishers[each.key]
  permissions = ["DATA_LOCATION_ACCESS"]

  data_location {
    arn = aws_lakeformation_resource.this[each.key].arn
  }
}

resource "aws_lakeformation_data_cells_filter" "this" {
  for_each = local.granted

  table_data {
    database_name    = "silver"
    table_name       = each.key
    name             = "${var.platform.name}-analysts"
    table_catalog_id = var.platform.account_id

    column_wildcard {
      excluded_column_names = each.value
    }

    row_filter {
      filter_expression = lookup(local.rows_shown, each.key, null)

      dynamic "all_rows_wildcard" {
        for_each = contains(keys(local.rows_shown), each.key) ? [] : [1]
        content {}
      }
    }
  }
}

resource "aws_lakeformation_permissions" "rows" {
  for_each = local.granted

  principal   = var.analysts_role_arn
  permissions = ["SELECT"]

  data_cells_filter {
    database_name    = "silver"
    table_name       = each.key
    name             = aws_lakeformation_data_cells_filter.this[each.key].table_data[0].name
    table_catalog_id = var.platform.account_id
  }
}

resource "aws_lakeformation_opt_in" "this" {
  for_each = local.granted

  principal {
    data_lake_principal_identifier = var.analysts_role_arn
  }

  resource_data {
    table {
      database_name = "silver"
      name          = each.key
    }
  }

  depends_on = [aws_lakeformation_permissions.rows, aws_lakeformation_resource.this]
}
