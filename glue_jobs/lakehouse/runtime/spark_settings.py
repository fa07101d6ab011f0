"""Spark's settings: those of every session, from spark_settings.json, and those that a laptop or S3 adds."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from lakehouse.contracts.project import Project
from lakehouse.runtime.lineage_settings import lineage_from_environment
from lakehouse.runtime.region import DEFAULT_REGION, named_region

_FILE = resources.files("lakehouse.runtime").joinpath("spark_settings.json")
_FACTS: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))

LOG_STORE: str = _FACTS["log_store"]
"""Commits on S3 with conditional PUTs (jvm/); with Delta's own store, a second driver can overwrite a commit."""
LOG_STORE_SETTINGS: Mapping[str, str] = {f"spark.delta.logStore.{scheme}.impl": LOG_STORE for scheme in ("s3", "s3a")}
SETTINGS: Mapping[str, str] = {
    **{name: setting["value"] for name, setting in _FACTS["always"].items()},
    **LOG_STORE_SETTINGS,
}
"""The settings of every job, on Glue as `--conf` (`lakehouse settings` prints them); Terraform reads the same JSON."""
LINEAGE: Mapping[str, str] = {name: setting["value"] for name, setting in _FACTS["lineage"].items()}
"""The additional settings of a job that sends lineage events; it needs LINEAGE_PACKAGE among its jars.

A DAG adds them to the --conf of a run, with the parent run and the address of the lineage server.
"""
DELTA_PACKAGE: str = _FACTS["packages"]["delta"]
LINEAGE_PACKAGE: str = _FACTS["packages"]["lineage"]
LINEAGE_JAR: str = LINEAGE_PACKAGE.split(":")[1]
INTERPRETED: Mapping[str, str] = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""For small data, where code generation takes longer than the queries (a third of a run on the samples)."""
SMALL_BYTES = 32 << 20
LAPTOP = "spark.lakehouse.laptop"
"""Marks a session that `local_session` started; any other one was given to the job."""


def log_store_jar(project: Project) -> Path:
    """The path of the log store's jar, which `make jar` builds."""
    return project.root / "jvm" / "target" / "lakehouse-log-store.jar"


def listener_jar(project: Project) -> Path:
    """The path of OpenLineage's listener, which `make lineage-jar` downloads."""
    _, name, version = LINEAGE_PACKAGE.split(":")
    return project.cache / "lineage" / f"{name}-{version}.jar"


def local_settings(project: Project, cores: int, is_small: bool = True) -> dict[str, str]:
    """The settings of a laptop: jars by path, few and small tasks, no UI.

    is_small: for small data, where the JVM is to start quickly; otherwise both of its compilers work, and its heap
    follows from the machine's memory.
    """
    archive = project.cache / "spark.jsa"
    options = [
        "-Duser.timezone=UTC",
        f"-Dlog4j2.configurationFile={(Path(__file__).parent / 'log4j2.properties').as_uri()}",
        # Short runs on small data end before the optimizing compiler (C2) pays off.
        *(["-XX:TieredStopAtLevel=1"] if is_small else []),
        # C1 alone gets 48 MB, which a long run fills; the JVM then stops compiling.
        "-XX:ReservedCodeCacheSize=256m",
        *shlex.split(os.environ.get("LAKEHOUSE_JAVA_OPTIONS", "")),
    ]
    if archive.is_file() and "LAKEHOUSE_JAVA_OPTIONS" not in os.environ:
        options += [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:disable", "-Xlog:all=off"]
    return {
        "spark.master": f"local[{cores}]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": os.environ.get("LAKEHOUSE_DRIVER_MEMORY") or driver_memory(is_small, _memory_bytes()),
        "spark.driver.extraClassPath": ":".join(str(jar) for jar in sorted((project.cache / "jars").glob("*.jar"))),
        "spark.driver.extraJavaOptions": " ".join(map(_java_word, options)),
        **few_tasks(cores),
        # A pattern that exhausts Java's stack fails its task; by default it would end the one JVM, with no word of why.
        "spark.executor.killOnFatalError.depth": "0",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": str(project.cache / "warehouse"),  # Hadoop reads a URL's %20 as three letters
    }


def few_tasks(cores: int) -> dict[str, str]:
    """As many tasks as cores, for a session on one machine."""
    return {
        "spark.sql.shuffle.partitions": str(cores),
        "spark.databricks.delta.snapshotPartitions": str(cores),
        # VACUUM lists a table's files in 10,000 tasks by default, which takes minutes for a small table.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(cores),
    }


def driver_memory(is_small: bool, machine_bytes: int) -> str:
    """The heap of a laptop's one JVM: 2 GB for small data, else a third of the machine's memory, from 2 to 16 GB."""
    gigabytes = 2 if is_small else min(max(machine_bytes // (3 << 30), 2), 16)
    return f"{gigabytes}g"


def _memory_bytes() -> int:
    """The machine's memory; a system that does not say it counts as a small machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


def _java_word(option: str) -> str:
    """An option as Spark's launcher reads it, which splits at blanks; the project may lie in a folder with one."""
    return option if re.fullmatch(r"[\w@%+=:,./-]+", option) else '"' + re.sub(r'(["\\])', r"\\\1", option) + '"'


def s3_settings(project: Project) -> dict[str, str]:
    """The settings of a laptop for a lake on S3: the jars of S3A and the log store, the endpoint of the AWS tools."""
    folders = [project.cache / "jars", project.cache / "jars-s3"]
    jars = [*(jar for folder in folders for jar in sorted(folder.glob("*.jar"))), log_store_jar(project)]
    settings = {
        # In one class path with Delta's jars, because Delta's S3 lister needs S3A. The class-data archive does not
        # include these jars, so the start takes some seconds more.
        "spark.driver.extraClassPath": ":".join(str(jar) for jar in jars if jar.is_file()),
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
        ),
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    }
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        region = named_region() or DEFAULT_REGION
        settings["spark.hadoop.fs.s3a.endpoint"] = endpoint
        settings["spark.hadoop.fs.s3a.endpoint.region"] = region
        settings["spark.hadoop.fs.s3a.path.style.access"] = "true"
    return settings


def laptop_settings(project: Project, cores: int, on_s3: bool, is_small: bool) -> dict[str, str]:
    """All settings of a session on this machine but those of lineage. on_s3: with S3A and the log store."""
    settings = {**SETTINGS, **local_settings(project, cores, is_small)}
    if not on_s3:
        return settings
    settings |= s3_settings(project)
    if log_store_jar(project).is_file():
        return settings
    # With --only_writer (safe_commits.py) it may be missing, and then no setting may name its class.
    return {name: value for name, value in settings.items() if name not in LOG_STORE_SETTINGS}


def listener_settings(project: Project, class_path: str) -> dict[str, str]:
    """The settings of a laptop for lineage, if the environment names a server and the listener was downloaded."""
    server, jar = lineage_from_environment(), listener_jar(project)
    if not server or not jar.is_file():
        return {}
    return {**LINEAGE, **server, "spark.driver.extraClassPath": f"{class_path}:{jar}"}
