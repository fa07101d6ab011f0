"""Spark's own list of workers is read as it is."""

from __future__ import annotations

import time

from pyspark.sql import SparkSession

from lakehouse.runtime.dpu import CORES_A_DPU, DRIVER, dpu_seconds_of, workers_of


def test_the_workers_of_a_session_are_counted(spark: SparkSession) -> None:
    (worker,) = workers_of(spark.sparkContext)
    assert (worker.id, worker.left) == (DRIVER, None)
    assert spark.sparkContext.startTime / 1000 <= worker.came <= time.time()
    cores = int(spark.sparkContext.getConf().get("spark.executor.cores", str(CORES_A_DPU)) or 0)
    assert dpu_seconds_of(lambda: spark)(100.0) == 100.0 * cores / CORES_A_DPU
