# A role with its one policy: who may assume it, and what it may do.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = var.trusted.type
      identifiers = var.trusted.identifiers
    }

    # A service acts on behalf of an account; only this one is allowed. MWAA's guide names the key in its trust policy
    # ("Cross-service confused deputy prevention"); of Glue nobody has tried it in an account. Were a service to send
    # none, it could not assume the role at all: a job then ends before its first line, with an error that names the role.
    dynamic "condition" {
      for_each = var.trusted.type == "Service" ? [1] : []
      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.account_id]
      }
    }
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  description        = var.description
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "this" {
  name   = var.policy.name
  role   = aws_iam_role.this.id
  policy = var.policy.json
}
