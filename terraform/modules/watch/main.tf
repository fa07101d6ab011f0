# What wakes a person: failed jobs, a publish that is late, too many quarantined rows, too much money.

locals {
  # EventBridge takes 2,048 characters of a pattern: with the longest names, so many jobs fit into one rule.
  watched = chunklist(var.job_names, 40)
}

resource "aws_sns_topic" "this" {
  name              = "${var.platform.name}-operations"
  kms_master_key_id = var.platform.kms_key_arn
}

resource "aws_sns_topic_subscription" "mail" {
  count = var.ops_email == "" ? 0 : 1

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = var.ops_email
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "ServicesOfThisAccount"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.platform.account_id]
    }
  }

  # The policy of a topic that EventBridge publishes to may have no condition: the message would be dropped in silence.
  statement {
    sid       = "Events"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.topic.json
}

# ---- failed jobs: the event names job, run and reason, which an alarm could not

resource "aws_cloudwatch_event_rule" "failed" {
  count = length(local.watched)

  name        = "${var.platform.name}-job-failed-${count.index}"
  description = "A Glue job of the lakehouse failed or took too long."
  event_pattern = jsonencode({
    source      = ["aws.glue"]
    detail-type = ["Glue Job State Change"]
    detail      = { jobName = local.watched[count.index], state = ["FAILED", "TIMEOUT", "ERROR"] }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  count = length(local.watched)

  rule = aws_cloudwatch_event_rule.failed[count.index].name
  arn  = aws_sns_topic.this.arn

  input_transformer {
    input_paths = {
      job    = "$.detail.jobName"
      run    = "$.detail.jobRunId"
      state  = "$.detail.state"
      reason = "$.detail.message"
    }
    input_template = "\"<job> <state>: <reason> (run <run>). What to do: docs/how-to/when-a-run-fails.md\""
  }
}

# A rule that cannot deliver counts as triggered all the same; only this metric shows it. CloudWatch publishes by itself.
resource "aws_cloudwatch_metric_alarm" "undelivered" {
  count = length(local.watched)

  alarm_name        = "${var.platform.name}-job-failed-${count.index}-undelivered"
  alarm_description = "A Glue job failed, and EventBridge could not publish its message: look at the jobs themselves."

  namespace   = "AWS/Events"
  metric_name = "FailedInvocations"
  dimensions  = { RuleName = aws_cloudwatch_event_rule.failed[count.index].name }

  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
}

# ---- late publish: no success within a day and the grace; every success is an event, and kept in a log

resource "aws_cloudwatch_event_rule" "published" {
  for_each = toset(var.publish_jobs)

  # As long as the name of the job's role, so that both fit: EventBridge takes 64 characters too.
  name        = "${var.platform.name}-${each.key}"
  description = "A run of ${each.key} succeeded."
  event_pattern = jsonencode({
    source      = ["aws.glue"]
    detail-type = ["Glue Job State Change"]
    detail      = { jobName = [each.key], state = ["SUCCEEDED"] }
  })
}

resource "aws_cloudwatch_event_target" "published" {
  for_each = aws_cloudwatch_event_rule.published

  rule = each.value.name
  arn  = aws_cloudwatch_log_group.published.arn
}

resource "aws_cloudwatch_log_group" "published" {
  # checkov:skip=CKV_AWS_338:How long logs are kept is a value of each environment: prod keeps them for more than a year.

  name              = "/aws/events/${var.platform.name}-published"
  retention_in_days = var.platform.log_retention_days
  kms_key_id        = var.platform.kms_key_arn
}

data "aws_iam_policy_document" "published" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.published.arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com", "events.amazonaws.com"]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "published" {
  policy_name     = "${var.platform.name}-published"
  policy_document = data.aws_iam_policy_document.published.json
}

resource "aws_cloudwatch_metric_alarm" "late" {
  for_each = aws_cloudwatch_event_rule.published

  alarm_name        = "${var.platform.name}-${each.key}-late"
  alarm_description = "No run of ${each.key} has succeeded for ${24 + var.grace_hours} hours: analysts see yesterday's data."

  namespace   = "AWS/Events"
  metric_name = "TriggeredRules"
  dimensions  = { RuleName = each.value.name }

  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 24 + var.grace_hours
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  # Hours without a success have no number at all.
  treat_missing_data = "breaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}

# ---- quarantine: validate reports each batch's share of failed rows, those of a stopped batch too

resource "aws_cloudwatch_metric_alarm" "quarantine" {
  for_each = toset(var.datasets)

  alarm_name        = "${var.platform.name}-${each.key}-quarantine"
  alarm_description = "More than ${var.quarantine_percent} % of a batch of ${each.key} failed validation; see Data Docs."

  namespace   = var.metrics.namespace
  metric_name = var.metrics.quarantine_percent
  dimensions  = { dataset = each.key, lake = var.lake_root }

  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.quarantine_percent
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
}

# ---- money: the whole account's, for nothing else should be in it

resource "aws_budgets_budget" "this" {
  name         = var.platform.name
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }
    content {
      notification_type         = notification.key
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      comparison_operator       = "GREATER_THAN"
      subscriber_sns_topic_arns = [aws_sns_topic.this.arn]
    }
  }
}
