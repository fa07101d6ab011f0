"""Writes tables on S3 as it is told, in a process and a Spark session of its own.

    python writing_process.py ours|default

Each line of standard input is a table and a command, `s3://lake/1/orders merge 3`; the commands are `merge N`,
`optimize`, `vacuum` and `append KEY`. Each is answered by one line of JSON on standard output.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import date
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.project import find_project
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.paths import for_spark
from lakehouse.runtime.session import local_session
from lakehouse.runtime.spark_settings import INTERPRETED, LOG_STORE_SETTINGS
from tests.rivals.deliveries import FIRST, ORDERS
from tests.rivals.merging_process import Rivals, merged, optimized, tell

DEFAULT = dict.fromkeys(LOG_STORE_SETTINGS, "io.delta.storage.S3SingleDriverLogStore")
FEW = {
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.master": "local[1]",
}


def appended(spark: SparkSession, path: str, key: str) -> dict[str, Any]:
    """Add one row as a writer does that knows nothing of batches: no identity by which a repeat would be seen."""
    values = {"id": key, "store_id": "S0", "amount": 1, "at": FIRST, "updated_at": FIRST, "gone": False}
    values |= {"dt": date(2026, 9, 1), "_batch_id": 0}
    columns = [
        F.lit(values[column.name]).cast(column.spark_type).alias(column.name) for column in ORDERS.silver_columns
    ]
    spark.range(1).select(*columns).write.format("delta").mode("append").save(for_spark(path))
    return {}


def vacuumed(spark: SparkSession, path: str) -> dict[str, Any]:
    """Remove what no reader needs, as maintenance does."""
    spark.sql(f"VACUUM delta.`{for_spark(path)}`").collect()
    return {}


def carried_out(spark: SparkSession, path: str, words: list[str]) -> dict[str, Any]:
    """Carry a command out; whatever a job would end with is an answer too, for on a bad road a job may end so."""
    try:
        if words[0] == "append":
            return appended(spark, path, words[1])
        if words[0] == "vacuum":
            return vacuumed(spark, path)
        return optimized(spark, path) if words[0] == "optimize" else merged(spark, int(words[1]), int(words[1]), path)
    except Exception as error:
        return {"error": conflict_of(error) or type(error).__name__, "text": str(error)[:2000]}


def main(store: str) -> None:
    """Answer commands until there are no more."""
    rivals, logger = Rivals(), logging.getLogger("lakehouse")
    logger.addHandler(rivals)
    logger.propagate = False
    extra = {**INTERPRETED, **FEW, **(DEFAULT if store == "default" else {})}
    spark = local_session(find_project(), extra, on_s3=True)
    tell(at="ready")
    for line in sys.stdin:
        start = time.monotonic()
        path, *words = line.split()
        answer = carried_out(spark, path, words)
        seconds = round(time.monotonic() - start, 1)
        tell(
            at="done", command=" ".join(words), rivals=rivals.taken(), seconds=seconds, **json.loads(json.dumps(answer))
        )


if __name__ == "__main__":
    main(sys.argv[1])
