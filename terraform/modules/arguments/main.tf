# What every Glue job is started with: where the lake and the code lie, and Spark's settings. Makes no resource.

locals {
  # Spark's settings stand in the library's Spark module, and nowhere else: "name": "value" inside a dict of that name.
  spark    = file("${var.repository}/glue_jobs/lakehouse/spark.py")
  setting  = "\"(spark\\.[^\"]+)\": \"([^\"]+)\""
  always   = regex("(?s)SETTINGS: Mapping\\[str, str\\] = \\{(.*?)\\n\\}", local.spark)[0]
  listens  = regex("(?s)LINEAGE: Mapping\\[str, str\\] = \\{(.*?)\\n\\}", local.spark)[0]
  settings = { for pair in regexall(local.setting, local.always) : pair[0] => pair[1] }
  listener = { for pair in regexall(local.setting, local.listens) : pair[0] => pair[1] }

  # A run that Airflow starts gets the listener from its DAG, with its parent; one that is started by hand gets it here.
  lineage = var.openlineage_endpoint == "" ? {} : merge(local.listener, {
    "spark.openlineage.namespace"      = var.openlineage_name
    "spark.openlineage.transport.type" = "http"
    "spark.openlineage.transport.url"  = var.openlineage_endpoint
  })

  # The log store that makes two drivers on one table safe, by the name of its class.
  sources = fileset("${var.repository}/jvm/src/main/java", "**/*LogStore.java")
  stores  = [for file in local.sources : replace(trimsuffix(file, ".java"), "/", ".")]
  log_store = {
    for scheme in ["s3", "s3a"] : "spark.delta.logStore.${scheme}.impl" => local.stores[0] if length(local.stores) > 0
  }

  conf = merge(local.settings, local.log_store, local.lineage)

  # `make upload-jobs` puts them there.
  lineage_name    = regex("LINEAGE_JAR = \"([^\"]+)\"", local.spark)[0]
  lineage_version = regex("LINEAGE_PACKAGE = f\"io.openlineage:[^:]+:([^\"]+)\"", local.spark)[0]
  lineage_jar     = "${local.lineage_name}-${local.lineage_version}.jar"

  jars = concat(
    length(local.stores) > 0 ? ["lakehouse-log-store.jar"] : [],
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
    },
    length(local.jars) == 0 ? {} : { "--extra-jars" = join(",", [for jar in local.jars : "${var.code}/jars/${jar}"]) },
  )

  of_step = {
    ingest  = { "--raw_root" = var.raw_root }
    publish = { "--athena_workgroup" = var.athena_workgroup }
  }
}
