"""How many DPU seconds the workers of a Glue job were there, by Spark's own list of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakehouse import log
from lakehouse.privacy import without_values

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CORES_A_DPU = 4
"""Of the workers G.1X, G.2X and larger: https://docs.aws.amazon.com/glue/latest/dg/worker-types.html."""
DRIVER = "driver"


@dataclass(frozen=True)
class Worker:
    """A driver or executor: when it came and went, in seconds since 1970; left is None while it is there."""

    id: str
    came: float
    left: float | None


def dpu_seconds_of(spark: Callable[[], SparkSession]) -> Callable[[float], float | None]:
    """Counts a run's DPU seconds at its end; None where Spark cannot be asked any more."""

    def counted(seconds: float) -> float | None:
        try:
            context = spark().sparkContext
            cores = int(context.getConf().get("spark.executor.cores", str(CORES_A_DPU)) or CORES_A_DPU)
            return worker_seconds(workers_of(context), seconds, time.time()) * cores / CORES_A_DPU
        except Exception as error:  # a run that failed may have lost its JVM
            log.warning("the run's DPU seconds are not known", reason=without_values(error))
            return None

    return counted


def worker_seconds(workers: Iterable[Worker], seconds: float, now: float) -> float:
    """The seconds of all workers of a run of so many seconds; its driver was there all the time, once."""
    executors = (worker for worker in workers if worker.id != DRIVER)
    return seconds + sum(max(0.0, (now if one.left is None else one.left) - one.came) for one in executors)


def workers_of(context: Any) -> list[Worker]:
    """Every driver and executor that a Spark context has had."""
    listed = context._jsc.sc().statusStore().executorList(False)
    return [_worker(listed.apply(number)) for number in range(listed.size())]


def _worker(summary: Any) -> Worker:
    left = summary.removeTime()
    gone = float(left.get().getTime()) / 1000 if left.isDefined() else None
    return Worker(str(summary.id()), float(summary.addTime().getTime()) / 1000, gone)
