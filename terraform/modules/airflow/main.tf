# Airflow on MWAA: the environment, its logs, and what its DAGs know of the lake.

locals {
  options = merge(
    {
      "secrets.backend" = "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend"
      "secrets.backend_kwargs" = jsonencode({
        connections_prefix = "${var.parameters}/connections"
        variables_prefix   = "${var.parameters}/variables"
      })
      "usage_data_collection.enabled" = "False"
      "openlineage.namespace"         = var.platform.name
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
    var.airflow.configuration_options,
  )

  # MWAA refuses to be made without these files. `make upload-dags` puts the real ones in their place.
  seeds = {
    "mwaa/requirements.txt" = { text = "# Put here by Terraform; make upload-dags replaces it.\n" }
    "mwaa/startup.sh"       = { text = "#!/bin/sh\n# Put here by Terraform; make upload-dags replaces it.\n" }
    # A zip archive with one empty file, README.
    "mwaa/plugins.zip" = { base64 = "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAAGAAAAUkVBRE1FUEsBAhQDFAAAAAAAAAAhAAAAAAAAAAAAAAAAAAYAAAAAAAAAAAAAAIABAAAAAFJFQURNRVBLBQYAAAAAAQABADQAAAAkAAAAAAA=" }
    # The folder of the DAGs is there as soon as it has a file.
    "dags/.airflowignore" = { text = "# Put here by Terraform; make upload-dags replaces it.\n" }
  }
}

resource "aws_mwaa_environment" "this" {
  name              = var.platform.name
  airflow_version   = var.airflow.version
  environment_class = var.airflow.class
  min_workers       = var.airflow.workers.min
  max_workers       = var.airflow.workers.max

  source_bucket_arn      = var.platform.buckets.artefacts.arn
  dag_s3_path            = "dags"
  requirements_s3_path   = aws_s3_object.seed["mwaa/requirements.txt"].key
  startup_script_s3_path = aws_s3_object.seed["mwaa/startup.sh"].key
  plugins_s3_path        = aws_s3_object.seed["mwaa/plugins.zip"].key

  execution_role_arn            = var.role_arn
  kms_key                       = var.platform.kms_key_arn
  webserver_access_mode         = var.airflow.webserver_access_mode
  airflow_configuration_options = local.options

  network_configuration {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = var.network.security_group_ids
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

  depends_on = [aws_cloudwatch_log_group.this, aws_s3_object.seed]
}

# MWAA would make these groups itself, and keep them for ever.
resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["DAGProcessing", "Scheduler", "Task", "WebServer", "Worker"])

  name              = "airflow-${var.platform.name}-${each.key}"
  retention_in_days = var.platform.log_retention_days
  kms_key_id        = var.platform.kms_key_arn
}

resource "aws_s3_object" "seed" {
  for_each = local.seeds

  bucket         = var.platform.buckets.artefacts.name
  key            = each.key
  content        = lookup(each.value, "text", null)
  content_base64 = lookup(each.value, "base64", null)

  lifecycle {
    ignore_changes = all
  }
}

resource "aws_ssm_parameter" "variable" {
  for_each = var.airflow_variables

  name        = "${var.parameters}/variables/${each.key}"
  description = "Airflow Variable ${each.key}."
  type        = "SecureString"
  key_id      = var.platform.kms_key_arn
  value       = each.value
}
