"""Allows writes to a lake on S3 only if no concurrent writer can overwrite a commit, or if there is no other writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from lakehouse import log
from lakehouse.contracts.project import Project
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.lake.paths import Lake
from lakehouse.runtime.spark_settings import LOG_STORE, LOG_STORE_SETTINGS, log_store_jar

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ONLY_WRITER = "only_writer"
"""The job option that turns the check off: `--only_writer yes`."""
PLAIN_WRITES = "lakehouse.log.store.plain.writes"
"""The setting by which the log store knows it."""


class UnsafeCommitsError(LakehouseError):
    """Commits to a lake on S3 would not be safe with concurrent writers."""

    def __init__(self, lake: str, reason: str, cure: str) -> None:
        self.lake, self.reason = lake, reason
        super().__init__(
            f"Not safe to write to {lake}: {reason}. Without the project's log store, a concurrent writer could "
            f"overwrite this job's commits. {cure}. If nothing else writes to this lake while the job runs, use "
            f"--{ONLY_WRITER} yes."
        )


def is_only_writer(options: Mapping[str, str]) -> bool:
    """The value of --only_writer; raises UsageError for anything but yes and no."""
    value = options.get(ONLY_WRITER, "no")
    if value not in ("yes", "no"):
        raise UsageError(f"--{ONLY_WRITER} is '{value}'; expected yes or no.")
    return value == "yes"


def require_jar(project: Project, lake: Lake) -> None:
    """On a laptop, before anything starts: raise UnsafeCommitsError if the log store has not been built."""
    jar = log_store_jar(project)
    if not lake.is_local and not jar.is_file():
        raise UnsafeCommitsError(lake.root, f"{jar} does not exist", "Run `make jar`, which builds the log store")


def safe_start(start: Callable[[], SparkSession], lake: Lake, only_writer: bool) -> Callable[[], SparkSession]:
    """A start function whose session commits safely to this lake, or that raises UnsafeCommitsError."""
    if lake.is_local:
        return start
    if only_writer:
        log.warning("commits are safe only without concurrent writers; the check was turned off", lake=lake.root)
        return lambda: _plain_writes(start())
    checked: list[SparkSession] = []

    def safe() -> SparkSession:
        if not checked:
            session = start()
            require_log_store(session, lake)
            checked.append(session)
        return checked[0]

    return safe


def _plain_writes(session: SparkSession) -> SparkSession:
    """Let the log store write as any S3A does: an S3A without conditional PUTs would refuse each commit."""
    session.sparkContext._jsc.hadoopConfiguration().set(PLAIN_WRITES, "true")  # type: ignore[attr-defined]
    return session


def require_log_store(spark: SparkSession, lake: Lake) -> None:
    """Raise UnsafeCommitsError unless the session uses the project's log store for S3 and can load it."""
    settings = spark.sparkContext.getConf()
    for name, wanted in LOG_STORE_SETTINGS.items():
        if settings.get(name) != wanted:
            found = settings.get(name) or "not set"
            raise UnsafeCommitsError(lake.root, f"{name} is {found}", f"Set it to {wanted} (`lakehouse settings`)")
    try:
        spark._jvm.org.apache.spark.util.Utils.classForName(LOG_STORE, True, False)  # type: ignore[union-attr]
    except Exception:  # py4j wraps whatever the class loader threw
        cure = "Add lakehouse-log-store.jar (`make jar`) to the jars of the job, on Glue with --extra-jars"
        raise UnsafeCommitsError(lake.root, f"no jar of the session contains {LOG_STORE}", cure) from None
