"""A shop whose files are snapshots, as current state, by a time, and as a history; its lake, and its deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.helpers.small_project import spoiled, with_docs, write_project

SHRINKS = "      - {property: snapshotShrinkLimitPercent, value: 90}\n"
_FLAG = "      - {property: deleteFlag, value: gone}\n"
_OF_ARRIVAL = spoiled("sequenceBy, value: seq", "sequenceBy, value: arrival", spoiled(_FLAG, SHRINKS))
_OF_ARRIVAL = spoiled("quarantineLimitPercent, value: 50", "quarantineLimitPercent, value: 90", _OF_ARRIVAL)
_OF_TIME = spoiled("sequenceBy, value: arrival", "sequenceBy, value: [seq, arrival]", _OF_ARRIVAL)
_HISTORY = spoiled("sequenceBy, value: arrival", "sequenceBy, value: [at, arrival]", _OF_ARRIVAL)
_HISTORY = spoiled("mergeStrategy, value: upsert", "mergeStrategy, value: scd2", _HISTORY)
_HISTORY = spoiled("partitionBy, value: [month]", "partitionBy, value: []", _HISTORY)
_HISTORY = spoiled("clusterBy, value: [dt]", "clusterBy, value: [id]", _HISTORY)
_HISTORY = spoiled("      - {property: dateColumn, value: at}\n", "", _HISTORY)
CONTRACTS = {"arrival": _OF_ARRIVAL, "time": _OF_TIME, "history": _HISTORY}
HEADER = "id,note,amount,seq,at,gone"
Row = tuple[int, str, str]
"""id, note, amount."""


def context_of(folder: Path, spark: SparkSession, contract: str, suite: Sequence[Any]) -> Context:
    """A project of the shop, and a lake that is empty."""
    return Context(with_docs(write_project(folder, contract, suite)), Lake.at(str(folder / "lake")), lambda: spark)


def deliver(context: Context, number: int, rows: Sequence[Row]) -> None:
    """Bring a snapshot of the day of that number to silver."""
    raw = Path(context.lake.landing("shop"))
    raw.mkdir(parents=True, exist_ok=True)
    lines = [f"{key},{note},{amount},{number},2026-01-{number:02}T10:00:00Z,false" for key, note, amount in rows]
    (raw / f"visits_{number}.csv").write_text("\n".join([HEADER, *lines, ""]))
    for step in (ingest_domain, validate_domain, merge_domain):
        step(context, context.contracts.of("shop"))
