"""What Spark did in between: jobs, and bytes that Hadoop's file system read and wrote, logs among them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Work:
    """Counts since the session began, or of a piece of work."""

    jobs: int
    bytes_read: int
    bytes_written: int
    seconds: float

    def since(self, before: Work) -> Work:
        """What was done after an earlier count."""
        pairs = zip(vars(self).values(), vars(before).values(), strict=True)
        return Work(*(now - then for now, then in pairs))


def measured(spark: SparkSession, do: Callable[[], Any]) -> Work:
    """What a piece of work costs."""
    before = _now(spark)
    do()
    return _now(spark).since(before)


def _now(spark: SparkSession) -> Work:
    jvm: Any = spark._jvm
    counts = list(jvm.org.apache.hadoop.fs.FileSystem.getAllStatistics())
    jobs = spark.sparkContext._jsc.sc().statusStore().jobsList(None)
    return Work(
        jobs=max((jobs.apply(n).jobId() for n in range(min(jobs.size(), 5))), default=-1) + 1,
        bytes_read=sum(one.getBytesRead() for one in counts),
        bytes_written=sum(one.getBytesWritten() for one in counts),
        seconds=time.perf_counter(),
    )
