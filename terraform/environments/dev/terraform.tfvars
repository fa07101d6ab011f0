# Small and easily thrown away.

environment = "dev"

number_of_workers   = 2
endpoint_zones      = 1
airflow             = { workers = { min = 1, max = 2 } }
gigabytes_per_query = 50
monthly_budget_usd  = 700
log_retention_days  = 14
noncurrent_days     = 3
force_destroy       = true
