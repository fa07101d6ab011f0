"""Merges batches of orders into one silver table as it is told, in a process and a Spark session of its own.

    python merging_process.py PATH

Each line of standard input is a command: `merge 3 4` (batch 3 in turn 4) or `optimize`; each is answered by one line of
JSON on standard output. What a merge has come to is told in between: `plan`, `write` and `written`.
"""

from __future__ import annotations

import functools
import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.contracts.project import find_project
from lakehouse.errors import LakehouseError
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.paths import for_spark
from lakehouse.runtime.session import local_session
from lakehouse.runtime.spark_settings import INTERPRETED
from lakehouse.transform import merge
from tests.rivals.deliveries import ORDERS, batch


class Rivals(logging.Handler):
    """Collects the rivals that made a merge plan anew."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note the rival that a line of the log names."""
        facts = getattr(record, "facts", {})
        if "rival" in facts:
            self.found.append((facts["rival"], facts["version"]))

    def taken(self) -> list[tuple[str, int]]:
        """The rivals since the last call."""
        found, self.found = self.found, []
        return found


def tell(**answer: Any) -> None:
    """Write one line for the process that drives this one."""
    print(json.dumps(answer), flush=True)


def telling(begun: str, ended: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which tells when it begins and when it has returned."""

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        tell(at=begun)
        result = function(*args)
        tell(at=ended)
        return result

    return call


def merged(spark: SparkSession, number: int, turn: int, path: str) -> dict[str, Any]:
    """Merge one batch."""
    schema = ", ".join(f"{column.name} {column.type}" for column in ORDERS.columns)
    rows = spark.createDataFrame(batch(number), schema)
    result = merge.merge_batch(spark, ORDERS, rows, number, path, turn)
    return {"skipped": result.skipped, "version": result.version, "news": result.news}


def optimized(spark: SparkSession, path: str) -> dict[str, Any]:
    """Cluster the whole table, as maintenance does."""
    spark.sql(f"OPTIMIZE delta.`{for_spark(path)}` ZORDER BY ({', '.join(ORDERS.cluster_by)})").collect()
    return {}


def carried_out(spark: SparkSession, words: list[str], path: str) -> dict[str, Any]:
    """Carry a command out; an error that a job would end with is an answer too."""
    try:
        if words[0] == "optimize":
            return optimized(spark, path)
        return merged(spark, int(words[1]), int(words[2]), path)
    except LakehouseError as error:
        return {"error": type(error).__name__, "text": str(error), "exit_code": error.exit_code}
    except Exception as error:
        conflict = conflict_of(error)
        if conflict is None:
            raise
        return {"error": conflict}


def main(path: str) -> None:
    """Answer commands until there are no more."""
    rivals, logger = Rivals(), logging.getLogger("lakehouse")
    logger.addHandler(rivals)
    logger.propagate = False
    few = {"spark.sql.shuffle.partitions": "2", "spark.databricks.delta.snapshotPartitions": "1"}
    spark = local_session(find_project(), {**INTERPRETED, **few})
    merge.plan_merge = telling("plan", "planned", merge.plan_merge)
    merge.write_plan = telling("write", "written", merge.write_plan)
    tell(at="ready")
    for line in sys.stdin:
        start = time.monotonic()
        answer = carried_out(spark, line.split(), path)
        tell(at="done", command=line.strip(), rivals=rivals.taken(), seconds=time.monotonic() - start, **answer)


if __name__ == "__main__":
    main(sys.argv[1])
