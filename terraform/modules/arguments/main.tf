# What every Glue job is started with: where the lake and the code lie, and Spark's settings. Makes no resource.

locals {
  # Spark's settings and the versions of its packages; the library reads the same file.
  spark    = jsondecode(file("${var.repository}/glue_jobs/lakehouse/runtime/spark_settings.json"))
  settings = { for name, setting in local.spark.always : name => setting.value }
  listener = { for name, setting in local.spark.lineage : name => setting.value }

  # A run that Airflow starts gets the listener from its DAG, with its parent; one that is started by hand gets it here.
  lineage = var.openlineage_endpoint == "" ? {} : merge(local.listener, {
    "spark.openlineage.namespace"      = var.openlineage_name
    "spark.openlineage.transport.type" = "http"
    "spark.openlineage.transport.url"  = var.openlineage_endpoint
  })

  # The log store that makes two drivers on one table safe, by the name of its class.
  log_store = { for scheme in ["s3", "s3a"] : "spark.delta.logStore.${scheme}.impl" => local.spark.log_store }

  conf = merge(local.settings, local.log_store, local.lineage)

  # `make upload-jobs` puts them there.
  lineage_jar = "${join("-", slice(split(":", local.spark.packages.lineage), 1, 3))}.jar"

  jars = concat(
    ["lakehouse-log-store.jar"],
    var.openlineage_endpoint == "" ? [] : [local.lineage_jar],
  )

  common = merge(
    {
      "--lake_root"        = var.lake_root
      "--datalake-formats" = "delta"
      # Glue takes one --conf; the further settings follow inside its value.
      "--conf"                            = join(" --conf ", [for name, value in local.conf : "${name}=${value}"])
      "--extra-py-files"                  = "${var.code}/lakehouse-${var.library_version}-py3-none-any.whl"
      "--extra-files"                     = "${var.code}/lakehouse_project.zip"
      "--additional-python-modules"       = "${var.code}/requirements.txt"
      "--python-modules-installer-option" = "-r"
      # Glue keeps what it installed under this word; it looks at the name of the list above, not into it. The list follows
      # from the pins and from which of them the jobs ask for; tools/deploy writes the same word above it.
      "--python-virtual-env-version" = substr(sha256(join("", [
        file("${var.repository}/requirements.txt"), file("${var.repository}/tools/deploy/constraints.py"),
      ])), 0, 16)
    },
    { "--extra-jars" = join(",", [for jar in local.jars : "${var.code}/jars/${jar}"]) },
  )

  of_step = {
    ingest   = { "--raw_root" = var.raw_root }
    maintain = { "--raw_root" = var.raw_root }
    publish  = { "--athena_workgroup" = var.athena_workgroup }
  }
}
