# Larger; what is deleted can be brought back for a month.

environment = "prod"

number_of_workers   = 10
endpoint_zones      = 2
airflow             = { workers = { min = 1, max = 5 } }
gigabytes_per_query = 1000
monthly_budget_usd  = 2000
log_retention_days  = 400
noncurrent_days     = 30
force_destroy       = false
