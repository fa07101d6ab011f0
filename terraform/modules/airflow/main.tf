# Airflow on MWAA: the environment, its logs, and what its DAGs know of the lake.

locals {
  # Airflow asks here for its Variables and connections; those that hold secrets are put there by hand, once.
  parameters = "/${var.name}/airflow"

  options = merge(
    {
      "secrets.backend" = "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend"
      "secrets.backend_kwargs" = jsonencode({
        connections_prefix = "${local.parameters}/connections"
        variables_prefix   = "${local.parameters}/variables"
      })
      "usage_data_collection.enabled" = "False"
      "openlineage.namespace"         = var.name
      "openlineage.disabled"          = var.openlineage_endpoint == "" ? "True" : "False"
    },
    # The transport must be JSON: a bare address switches the plug-in off without a word.
    var.openlineage_endpoint == "" ? {} : {
      "openlineage.transport" = jsonencode({ type = "http", url = var.openlineage_endpoint })
    },
    var.mail == null ? {} : {
      "smtp.smtp_host"      = var.mail.host
      "smtp.smtp_port"      = tostring(var.mail.port)
      "smtp.smtp_mail_from" = var.mail.from
      "smtp.smtp_starttls"  = "True"
      "smtp.smtp_ssl"       = "False"
    },
    var.configuration_options,
  )

  # MWAA refuses to be made without these files. `make upload-dags` puts the real ones in their place.
  seeds = {
    "requirements.txt" = "# Put here by Terraform; make upload-dags replaces it.\n"
    "startup.sh"       = "#!/bin/sh\n# Put here by Terraform; make upload-dags replaces it.\n"
  }
}

resource "aws_mwaa_environment" "this" {
  name              = var.name
  airflow_version   = var.airflow_version
  environment_class = var.environment_class
  min_workers       = var.workers.min
  max_workers       = var.workers.max

  source_bucket_arn      = var.artefacts.arn
  dag_s3_path            = "dags"
  requirements_s3_path   = aws_s3_object.seed["requirements.txt"].key
  startup_script_s3_path = aws_s3_object.seed["startup.sh"].key

  execution_role_arn            = module.role.arn
  kms_key                       = var.kms_key_arn
  webserver_access_mode         = var.webserver_access_mode
  airflow_configuration_options = local.options

  network_configuration {
    subnet_ids         = var.subnet_ids
    security_group_ids = var.security_group_ids
  }

  logging_configuration {
    dag_processing_logs {
      enabled   = true
      log_level = "WARNING"
    }

    scheduler_logs {
      enabled   = true
      log_level = "WARNING"
    }

    task_logs {
      enabled   = true
      log_level = "INFO"
    }

    webserver_logs {
      enabled   = true
      log_level = "WARNING"
    }

    worker_logs {
      enabled   = true
      log_level = "WARNING"
    }
  }

  # MWAA tries its rights while it is made, and fails for good without them.
  depends_on = [module.role, aws_cloudwatch_log_group.this]
}

# MWAA would make these groups itself, and keep them for ever.
resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["DAGProcessing", "Scheduler", "Task", "WebServer", "Worker"])

  name              = "airflow-${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_s3_object" "seed" {
  for_each = local.seeds

  bucket  = var.artefacts.name
  key     = "mwaa/${each.key}"
  content = each.value

  lifecycle {
    ignore_changes = all
  }
}

resource "aws_ssm_parameter" "variable" {
  for_each = var.airflow_variables

  name        = "${local.parameters}/variables/${each.key}"
  description = "Airflow Variable ${each.key}."
  type        = "SecureString"
  key_id      = var.kms_key_arn
  value       = each.value
}

module "role" {
  source = "../airflow_role"

  name             = var.name
  artefacts        = var.artefacts
  raw_bucket       = var.raw_bucket
  landing_prefixes = var.landing_prefixes
  curated_bucket   = var.curated_bucket
  workgroup_arn    = var.workgroup_arn
  results_prefix   = var.results_prefix
  view_tables      = var.view_tables
  job_names        = var.job_names
  crawler_names    = var.crawler_names
  passed_role_arns = var.passed_role_arns
  kms_key_arn      = var.kms_key_arn
  account_id       = var.account_id
  region           = var.region
  parameters       = local.parameters
}
