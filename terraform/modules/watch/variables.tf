variable "platform" {
  description = "What every part of the lakehouse is told of the whole."
  type = object({
    name               = string
    account_id         = string
    kms_key_arn        = string
    log_retention_days = number
  })
}

variable "job_names" {
  description = "Glue jobs whose failure is told."
  type        = list(string)
}

variable "publish_jobs" {
  description = "Glue jobs that must succeed once a day."
  type        = list(string)
}

variable "datasets" {
  description = "Datasets whose share of quarantined rows is watched."
  type        = list(string)
}

variable "metrics" {
  description = "Namespace of the jobs' own metrics, and the name of the one that tells a batch's quarantined percentage."
  type        = object({ namespace = string, quarantine_percent = string })
}

variable "lake_root" {
  description = "Root of the lake, by which its metrics are told from those of another one."
  type        = string
}

variable "grace_hours" {
  description = "Hours by which a daily publish may be later than the day before."
  type        = number
}

variable "quarantine_percent" {
  description = "Percentage of a batch in quarantine above which a person is told."
  type        = number
}

variable "monthly_budget_usd" {
  description = "US dollars a month; told at 80 % spent and at 100 % foreseen."
  type        = number
}

variable "ops_email" {
  description = "Address that gets the messages; empty for none. AWS asks it to confirm once."
  type        = string
}
