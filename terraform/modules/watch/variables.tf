variable "platform" {
  description = "Settings shared by all modules."
  type = object({
    name               = string
    account_id         = string
    kms_key_arn        = string
    log_retention_days = number
  })
}

variable "job_names" {
  description = "Glue jobs whose failures trigger an alert."
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
  description = "Root of the lake; distinguishes its metrics from those of other lakes."
  type        = string
}

variable "grace_hours" {
  description = "Hours by which a daily publish may be later than the day before."
  type        = number
}

variable "quarantine_percent" {
  description = "Alert threshold: percentage of a batch's rows that failed validation."
  type        = number
}

variable "monthly_budget_usd" {
  description = "Monthly budget in US dollars; alerts at 80 % actual and 100 % forecast cost."
  type        = number
}

variable "ops_email" {
  description = "Address that gets the messages; empty for none. AWS asks it to confirm once."
  type        = string
}
