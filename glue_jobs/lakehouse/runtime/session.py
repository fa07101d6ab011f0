"""Starts the Spark session of a laptop; `spark_settings.py` has its settings."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse import log
from lakehouse.contracts.project import Project
from lakehouse.errors import LakehouseError
from lakehouse.runtime.java import find_java
from lakehouse.runtime.spark_settings import (
    LOG_STORE_SETTINGS,
    SETTINGS,
    listener_settings,
    local_settings,
    log_store_jar,
    s3_settings,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class JarsMissingError(LakehouseError):
    """Delta's jars are not in the cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"Delta's jars are missing in {folder}; run `make setup`, which fetches them once.")


def local_session(
    project: Project, extra: Mapping[str, str] | None = None, on_s3: bool = False, is_small: bool = True
) -> SparkSession:
    """Start (or return) the session of a laptop; raises JavaNotFoundError before the JVM would fail.

    on_s3: for a lake on S3; its jars are downloaded at the first use. is_small: of `local_settings`.
    """
    java = find_java(project.cache)
    os.environ["JAVA_HOME"] = str(java)
    # Workers use the Python of this process, not the python3 on the PATH.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    if not any((project.cache / "jars").glob("*.jar")):
        raise JarsMissingError(project.cache / "jars")
    from pyspark.sql import SparkSession

    cores = min(os.cpu_count() or 2, 8)
    settings = {**SETTINGS, **local_settings(project, cores, is_small)}
    if on_s3:
        from lakehouse.runtime.jars import ensure_s3a_jars  # only for S3

        ensure_s3a_jars(project, java)
        settings |= s3_settings(project)
        if not log_store_jar(project).is_file():
            # With --only_writer (safe_commits.py) it may be missing, and then no setting may name its class.
            settings = {name: value for name, value in settings.items() if name not in LOG_STORE_SETTINGS}
    settings |= listener_settings(project, settings["spark.driver.extraClassPath"])
    builder = SparkSession.builder.appName("lakehouse")
    for name, value in {**settings, **(extra or {})}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    # PySpark logs the stack trace of every failed query, also of errors that are printed as one line here.
    for name in log.OF_FAILED_QUERIES:
        logging.getLogger(name).disabled = True
    return session
