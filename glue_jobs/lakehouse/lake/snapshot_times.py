"""The times that a snapshot's rows say, kept with its validation result: later ones are compared without its rows.

A result that lacks them, of an earlier release or of another sequence column, is completed from bronze.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering

from pyspark.sql import Column as SparkColumn
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.batches import ValidationResult
from lakehouse.lake.delivered_keys import delivered_keys
from lakehouse.lake.paths import Lake


@total_ordering
@dataclass(frozen=True)
class Moment:
    """A value of the sequence column as text, ordered as its type is; before every other one where there is none."""

    text: str | None
    is_number: bool

    def __lt__(self, other: Moment) -> bool:
        if self.text is None or other.text is None:
            return self.text is None and other.text is not None
        return Decimal(self.text) < Decimal(other.text) if self.is_number else self.text < other.text


@dataclass(frozen=True)
class Times:
    """The first and the last time of a batch's rows."""

    first: Moment
    last: Moment


def read_times(spark: SparkSession, lake: Lake, dataset: Dataset, batches: Collection[int]) -> dict[int, Times]:
    """The times of some batches from bronze; without a moment for one that has no row with a time."""
    (name,) = dataset.sequence_by
    number = _is_number(dataset)
    ends = [_text(end(name), dataset).alias(alias) for alias, end in (("first", F.min), ("last", F.max))]
    rows = delivered_keys(spark, lake, dataset, batches).groupBy(BATCH_ID).agg(*ends)
    found = {row[BATCH_ID]: Times(Moment(row["first"], number), Moment(row["last"], number)) for row in rows.collect()}
    nothing = Times(Moment(None, number), Moment(None, number))
    return {batch: found.get(batch, nothing) for batch in batches}


def times_as_text(times: Times, dataset: Dataset) -> str:
    """What the validation result keeps of them, with the column that says them."""
    return json.dumps({"column": dataset.sequence_by[0], "first": times.first.text, "last": times.last.text})


def times_of(
    spark: Callable[[], SparkSession], lake: Lake, dataset: Dataset, results: Iterable[ValidationResult]
) -> dict[int, Times]:
    """The times of the batches of some results; of bronze only those are read whose results lack them."""
    known = {result.batch_id: _times_in(result.snapshot_times, dataset) for result in results}
    lacking = [batch for batch, times in known.items() if times is None]
    read = read_times(spark(), lake, dataset, lacking) if lacking else {}
    return {batch: times or read[batch] for batch, times in known.items()}


def _times_in(text: str | None, dataset: Dataset) -> Times | None:
    kept = json.loads(text or "{}")
    if kept.get("column") != dataset.sequence_by[0]:
        return None
    number = _is_number(dataset)
    return Times(Moment(kept["first"], number), Moment(kept["last"], number))


def _kind(dataset: Dataset) -> str:
    return dataset.column(dataset.sequence_by[0]).type


def _is_number(dataset: Dataset) -> bool:
    return _kind(dataset) not in ("date", "timestamp")


def _text(value: SparkColumn, dataset: Dataset) -> SparkColumn:
    """Text whose order is that of times, for each has its own width."""
    return F.date_format(value, tables.INSTANT) if _kind(dataset) == "timestamp" else value.cast("string")
