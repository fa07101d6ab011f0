# A role with its policies: who may assume it, and what it may do.

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

# IAM takes 10,240 characters of inline policies a role, however many; what grows with the contracts is attached.
resource "aws_iam_policy" "grown" {
  count = length(var.grown_policies)

  name        = "${var.name}-${var.grown_policies[count.index].name}"
  description = "Part of what ${var.name} may do."
  policy      = var.grown_policies[count.index].json
  tags        = var.tags
}

resource "aws_iam_role_policy_attachment" "grown" {
  count = length(var.grown_policies)

  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.grown[count.index].arn
}
