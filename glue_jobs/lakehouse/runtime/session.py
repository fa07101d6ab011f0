"""Starts the Spark session of a laptop; `spark_settings.py` has its settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse import log
from lakehouse.contracts.project import Project
from lakehouse.errors import LakehouseError
from lakehouse.lake.files import list_files
from lakehouse.lake.paths import Lake, is_s3
from lakehouse.runtime.java import find_java
from lakehouse.runtime.spark_settings import LAPTOP, SMALL_BYTES, laptop_settings, listener_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class JarsMissingError(LakehouseError):
    """Delta's jars are not in the cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"Delta's jars are missing in {folder}; run `make setup`, which fetches them once.")


def cores_here() -> int:
    """The cores that a session on this machine uses."""
    return min(os.cpu_count() or 2, 8)


def lake_is_small(lake: Lake) -> bool:
    """Whether the raw layer is so small that a JVM which starts quickly is done sooner."""
    return sum(file.size for file in list_files(lake.raw)) < SMALL_BYTES


def lake_on_s3(lake: Lake) -> bool:
    """Whether a session for this lake needs S3A."""
    return is_s3(lake.raw) or is_s3(lake.curated)


def require_jars(project: Project, java: Path, for_s3: bool) -> None:
    """Raise JarsMissingError without Delta's jars; download S3A's at their first use."""
    if not any((project.cache / "jars").glob("*.jar")):
        raise JarsMissingError(project.cache / "jars")
    if for_s3:
        from lakehouse.runtime.jars import ensure_s3a_jars  # only for S3

        ensure_s3a_jars(project, java)


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
    require_jars(project, java, on_s3)
    from pyspark.sql import SparkSession

    settings = laptop_settings(project, cores_here(), on_s3, is_small)
    settings |= listener_settings(project, settings["spark.driver.extraClassPath"])
    builder = SparkSession.builder.appName("lakehouse")
    for name, value in {**settings, LAPTOP: "true", **(extra or {})}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    log.hide_failed_queries()
    return session
