"""The names by which Airflow knows what the DAGs use: its Variables and its pool."""

LAKE_ROOT = "lakehouse_lake_root"
RAW_ROOT = "lakehouse_raw_root"
DOCS_ROOT = "lakehouse_docs_root"
DOCS_URL = "lakehouse_docs_url"
ATHENA_WORKGROUP = "lakehouse_athena_workgroup"
SLACK_CONNECTION = "slack_webhook_conn_id"
OPS_EMAIL = "ops_email"
