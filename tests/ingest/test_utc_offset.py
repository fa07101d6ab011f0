"""Where the clock of the text gives a row its day, bronze keeps its offset, and quarantine shows its time."""

from __future__ import annotations

import dataclasses
from datetime import date

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import DELIVERED, Column
from lakehouse.ingest.casting import with_types
from lakehouse.lake.bronze import with_day
from lakehouse.quarantine.table import from_typed
from tests.helpers.silver_table import ORDERS

VISITS = dataclasses.replace(
    ORDERS, columns=(Column("id", "string", True, ""), Column("at", "timestamp", False, "")), date_zone=DELIVERED
)
MIDNIGHT, BEFORE = "2026-11-01T00:00:00.000000", "2026-10-31T23:59:59.999999"
NOVEMBER, OCTOBER = date(2026, 11, 1), date(2026, 10, 31)
TEXTS = {
    "2026-11-01T00:00Z": (0, NOVEMBER, f"{MIDNIGHT}Z"),
    "2026-10-31T23:59:59.999999z": (0, OCTOBER, f"{BEFORE}Z"),
    "2026-11-01T00:00:00+00:00": (0, NOVEMBER, f"{MIDNIGHT}Z"),
    "2026-11-01T00:00:00-00:00": (0, NOVEMBER, f"{MIDNIGHT}Z"),
    "2026-11-01 00:00:00+01:00": (60, NOVEMBER, f"{MIDNIGHT}+01:00"),
    "2026-10-31T23:59:59,999999-03": (-180, OCTOBER, f"{BEFORE}-03:00"),
    "2026-11-01T00:00:00-0030": (-30, NOVEMBER, f"{MIDNIGHT}-00:30"),
    "2026-11-01T00:00:00+05:45": (345, NOVEMBER, f"{MIDNIGHT}+05:45"),
    "2026-10-31T23:59:59.999999-12:00": (-720, OCTOBER, f"{BEFORE}-12:00"),
    "2026-11-01T00:00:00+14:00": (840, NOVEMBER, f"{MIDNIGHT}+14:00"),
}


def test_instant_and_offset_give_day_and_text_back(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [(text, text, None) for text in TEXTS], "id string, at string, _unreadable string"
    ).withColumns({"_rescued": F.lit(None).cast("string"), "_repair_of": F.lit(None).cast("string"),
                   "_source_file": F.lit("f"), "_batch_id": F.lit(1), "_row_id": F.lit(1)})  # fmt: skip
    typed = with_types(rows, VISITS)
    found = {row.id: (row["_utc_offset"], row.dt) for row in with_day(typed, VISITS).collect()}
    assert found == {text: wanted[:2] for text, wanted in TEXTS.items()}
    shown = {row.id: row["at"] for row in from_typed(typed, VISITS).collect()}
    assert shown == {text: wanted[2] for text, wanted in TEXTS.items()}


def test_what_is_no_time_has_no_offset(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [("a", None, None), ("b", "2026-11-01T00:00:00", None), ("c", "2026-11-31T00:00:00+01:00", None)],
        "id string, at string, _unreadable string",
    )
    found = {row.id: (row["_utc_offset"], row["_broken_rules"]) for row in with_types(rows, VISITS).collect()}
    assert found == {"a": (None, []), "b": (None, ["at_is_timestamp"]), "c": (None, ["at_is_timestamp"])}
