"""The settings of Spark, in one place: those that Glue gets, and the few that only a laptop needs."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.errors import LakehouseError
from lakehouse.java import find_java
from lakehouse.lineage_settings import lineage_from_environment
from lakehouse.project import Project

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DELTA_PACKAGE = "io.delta:delta-spark_4.1_2.13:4.2.0"
LINEAGE_JAR = "openlineage-spark_2.13"
LINEAGE_PACKAGE = f"io.openlineage:{LINEAGE_JAR}:1.53.0"

LOG_STORE = "lakehouse.delta.ConditionalPutLogStore"
"""Commits on S3 by conditional PUT (jvm/); Delta's own store lets a second driver overwrite a commit."""

LOG_STORE_SETTINGS: Mapping[str, str] = {f"spark.delta.logStore.{scheme}.impl": LOG_STORE for scheme in ("s3", "s3a")}

SETTINGS: Mapping[str, str] = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # Every time is an instant and every dt a UTC date, whatever the machine's own zone is.
    "spark.sql.session.timeZone": "UTC",
    # INT96, Spark's default, has no statistics and Athena warns of it.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # A cast that loses something fails instead of giving null or wrapping around.
    "spark.sql.ansi.enabled": "true",
    # Compiled queries are kept for the next batch; of the 100 kept by default one merge alone needs more.
    "spark.sql.codegen.cache.maxEntries": "2000",
    # Else PySpark tells the JVM of each call of a DataFrame or column where in Python it stands: milliseconds a call.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.sources.partitionOverwriteMode": "static",
    # A job names the tables it needs for itself alone; the shared catalogue is written by publish, and only there.
    "spark.sql.catalogImplementation": "in-memory",
    **LOG_STORE_SETTINGS,
}
"""What every job runs with, on Glue as `--conf` (the wheel's `lakehouse settings` prints them)."""

LINEAGE: Mapping[str, str] = {
    "spark.extraListeners": "io.openlineage.spark.agent.OpenLineageSparkListener",
    # Plans are large, and what cannot be read of them says nothing to a person.
    "spark.openlineage.facets.spark.logicalPlan.disabled": "true",
    "spark.openlineage.facets.spark_unknown.disabled": "true",
    # Which column a column comes from, kept apart from which columns only filter or join.
    "spark.openlineage.columnLineage.datasetLineageEnabled": "true",
}
"""What a job runs with besides where lineage is wanted; it needs LINEAGE_PACKAGE among its jars.

A DAG adds them to the --conf of a run, with the parent run and the place that events go to.
"""


def local_settings(project: Project, cores: int) -> dict[str, str]:
    """What a laptop adds: jars by path, few and small tasks, no UI, a quick JVM."""
    archive = project.cache / "spark.jsa"
    options = [
        "-Duser.timezone=UTC",
        f"-Dlog4j2.configurationFile={(Path(__file__).parent / 'log4j2.properties').as_uri()}",
        # Short runs on small data end before the second compiler pays off.
        "-XX:TieredStopAtLevel=1",
        # The first compiler alone gets 48 MB, which a long run fills; full, it stops compiling.
        "-XX:ReservedCodeCacheSize=256m",
        *os.environ.get("LAKEHOUSE_JAVA_OPTIONS", "").split(),
    ]
    if archive.is_file() and "LAKEHOUSE_JAVA_OPTIONS" not in os.environ:
        options += [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:disable", "-Xlog:all=off"]
    return {
        "spark.master": f"local[{cores}]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": os.environ.get("LAKEHOUSE_DRIVER_MEMORY", "2g"),
        "spark.driver.extraClassPath": ":".join(str(jar) for jar in sorted((project.cache / "jars").glob("*.jar"))),
        "spark.driver.extraJavaOptions": " ".join(options),
        "spark.sql.shuffle.partitions": str(cores),
        "spark.databricks.delta.snapshotPartitions": str(cores),
        # Listing the files of a table for VACUUM asks for 10,000 tasks unless told otherwise: minutes for a small one.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(cores),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": (project.cache / "warehouse").as_uri(),
    }


def log_store_jar(project: Project) -> Path:
    """Where `make jar` puts the log store."""
    return project.root / "jvm" / "target" / "lakehouse-log-store.jar"


def s3_settings(project: Project) -> dict[str, str]:
    """What a laptop adds for a lake on S3: the jars of S3A and the log store, the endpoint of AWS' own tools."""
    folders = [project.cache / "jars", project.cache / "jars-s3"]
    jars = [*(jar for folder in folders for jar in sorted(folder.glob("*.jar"))), log_store_jar(project)]
    settings = {
        # Beside Delta's own, for its helper that lists S3 must see S3A. The class archive was made without them, so
        # that the start takes some seconds more.
        "spark.driver.extraClassPath": ":".join(str(jar) for jar in jars if jar.is_file()),
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
        ),
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    }
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        settings["spark.hadoop.fs.s3a.endpoint"] = endpoint
        settings["spark.hadoop.fs.s3a.endpoint.region"] = region
        settings["spark.hadoop.fs.s3a.path.style.access"] = "true"
    return settings


def listener_jar(project: Project) -> Path:
    """Where `make lineage-jar` puts OpenLineage's listener."""
    return project.cache / "lineage" / f"{LINEAGE_JAR}-{LINEAGE_PACKAGE.rsplit(':', 1)[1]}.jar"


def listener_settings(project: Project, class_path: str) -> dict[str, str]:
    """What a laptop adds where its environment names a lineage server and the listener was fetched."""
    server, jar = lineage_from_environment(), listener_jar(project)
    if not server or not jar.is_file():
        return {}
    return {**LINEAGE, **server, "spark.driver.extraClassPath": f"{class_path}:{jar}"}


class JarsMissingError(LakehouseError):
    """Delta's jars are not where set-up puts them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"Delta's jars are missing in {folder}; run `make setup`, which fetches them once.")


INTERPRETED: Mapping[str, str] = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""For small data: compiling the code of each query takes longer than the query (a third of a run on the samples)."""

SMALL_BYTES = 32 << 20


def local_session(project: Project, extra: Mapping[str, str] | None = None, on_s3: bool = False) -> SparkSession:
    """Start (or return) the session of a laptop; raises JavaNotFoundError before the JVM would fail.

    on_s3: for a lake on S3, whose jars are fetched when they are first needed.
    """
    java = find_java(project.cache)
    os.environ["JAVA_HOME"] = str(java)
    # Workers in the Python of this process, not in whatever python3 the PATH leads to.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    if not any((project.cache / "jars").glob("*.jar")):
        raise JarsMissingError(project.cache / "jars")
    from pyspark.sql import SparkSession

    cores = min(os.cpu_count() or 2, 8)
    settings = {**SETTINGS, **local_settings(project, cores)}
    if on_s3:
        from lakehouse.local_setup import ensure_s3a_jars  # which needs this module for its warm-up

        ensure_s3a_jars(project, java)
        settings |= s3_settings(project)
        if not log_store_jar(project).is_file():
            # An only writer, who has said so (safe_commits.py), goes without; a class that is named must be there.
            settings = {name: value for name, value in settings.items() if name not in LOG_STORE_SETTINGS}
    settings |= listener_settings(project, settings["spark.driver.extraClassPath"])
    builder = SparkSession.builder.appName("lakehouse")
    for name, value in {**settings, **(extra or {})}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    # PySpark logs every failed query with its stack, also those whose error we turn into one line.
    logging.getLogger("SQLQueryContextLogger").disabled = True
    return session
