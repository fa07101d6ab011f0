"""A lake on S3 is written only where no second writer can overwrite a commit, or by one who says that there is none."""

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
"""The job's word that turns the check off: `--only_writer yes`."""


class UnsafeCommitsError(LakehouseError):
    """Commits to a lake on S3 would not be safe beside another writer."""

    def __init__(self, lake: str, reason: str, cure: str) -> None:
        self.lake, self.reason = lake, reason
        super().__init__(
            f"The lake {lake} is on S3 and {reason}, so that a second writer could overwrite a commit of this one; "
            f"{cure}. If nothing else writes to this lake while the job runs, say so with --{ONLY_WRITER} yes."
        )


def is_only_writer(options: Mapping[str, str]) -> bool:
    """What the job's words say; raises UsageError for anything but yes and no."""
    word = options.get(ONLY_WRITER, "no")
    if word not in ("yes", "no"):
        raise UsageError(f"--{ONLY_WRITER} is '{word}'; it takes yes or no.")
    return word == "yes"


def require_jar(project: Project, lake: Lake) -> None:
    """On a laptop, before anything starts: raise UnsafeCommitsError when the log store was never built."""
    jar = log_store_jar(project)
    if not lake.is_local and not jar.is_file():
        raise UnsafeCommitsError(lake.root, f"there is no {jar}", "run `make jar`, which builds Delta's log store")


def safe_start(start: Callable[[], SparkSession], lake: Lake, only_writer: bool) -> Callable[[], SparkSession]:
    """The start of a session that commits safely to this lake, or raises UnsafeCommitsError."""
    if lake.is_local:
        return start
    if only_writer:
        log.warning("commits are safe for one writer only, which was said to be so", lake=lake.root)
        return start
    proved: list[SparkSession] = []

    def safe() -> SparkSession:
        if not proved:
            session = start()
            require_log_store(session, lake)
            proved.append(session)
        return proved[0]

    return safe


def require_log_store(spark: SparkSession, lake: Lake) -> None:
    """Raise UnsafeCommitsError unless the session names our log store for S3 and can load it."""
    settings = spark.sparkContext.getConf()
    for name, wanted in LOG_STORE_SETTINGS.items():
        if settings.get(name) != wanted:
            found = settings.get(name) or "not set"
            raise UnsafeCommitsError(lake.root, f"{name} is {found}", f"set it to {wanted} (`lakehouse settings`)")
    try:
        spark._jvm.org.apache.spark.util.Utils.classForName(LOG_STORE, True, False)  # type: ignore[union-attr]
    except Exception:  # py4j wraps whatever the class loader threw
        cure = "add lakehouse-log-store.jar (`make jar`) to the jars of the job, on Glue with --extra-jars"
        raise UnsafeCommitsError(lake.root, f"no jar of the session holds {LOG_STORE}", cure) from None
