# One Athena workgroup: engine 3, encrypted results in one place, and a limit on what a single query may read.

resource "aws_athena_workgroup" "this" {
  name          = var.name
  description   = var.description
  force_destroy = true

  configuration {
    # The settings below hold whatever a client asks for.
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.gigabytes_per_query * 1000 * 1000 * 1000

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${var.results.bucket}/${var.results.prefix}/"
      expected_bucket_owner = var.account_id

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}
