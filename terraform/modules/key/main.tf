# The key of the lakehouse: data, logs, queries and messages are encrypted with it, and it turns itself every year.

resource "aws_kms_key" "this" {
  description             = "Encrypts the data, logs and messages of ${var.name}."
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

locals {
  use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
}

# In the policy of a key, the resource "*" means this key and no other: there is nothing narrower to write.
data "aws_iam_policy_document" "key" {
  # checkov:skip=CKV_AWS_109:A key whose account may not manage it can never be changed or deleted again.
  # checkov:skip=CKV_AWS_111:See above; "*" is this key.
  # checkov:skip=CKV_AWS_356:See above; "*" is this key.

  # Hands the decision to the account's IAM policies, in which each role names this key.
  statement {
    sid       = "AccountDecides"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.account_id}:root"]
    }
  }

  # Services that write without a role of ours: alarms and the budget to the topic.
  statement {
    sid       = "ServicesOfThisAccount"
    actions   = local.use
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }

  # EventBridge names no source: with a condition it would drop every message, and count it as delivered.
  statement {
    sid       = "Events"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }

  statement {
    sid       = "LogGroupsOfThisAccount"
    actions   = local.use
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:aws:logs:${var.region}:${var.account_id}:log-group:*"]
    }
  }
}
