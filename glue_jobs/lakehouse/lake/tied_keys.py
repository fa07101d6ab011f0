"""The keys of ties as people read them in `ops.ties`: as text, personal data masked, a fixed number of a batch."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.ties import Tie
from lakehouse.privacy import MASK

LISTED = 1_000
"""So many keys of a batch are listed in `ops.ties`; the number of all of them is counted."""


def listed_ties(ties: DataFrame, dataset: Dataset) -> tuple[int, tuple[Tie, ...]]:
    """How many ties there are, and up to LISTED of them, in the order of their keys.

    ties: the key, the sequence unless ties are by key alone, `corrected` and `quarantined`.
    """
    key = F.to_json(F.struct(*[_shown(name, dataset) for name in dataset.key]))
    is_known = set(dataset.sequence_by) <= set(ties.columns)
    sequence = [_text(F.col(name) if is_known else F.lit(None), name, dataset) for name in dataset.sequence_by]
    said = F.concat_ws(", ", *sequence).alias("sequence")
    text = ties.select(key.alias("key"), said, "corrected", "quarantined")
    top = text.orderBy("key", "sequence").limit(LISTED).collect()
    number = len(top) if len(top) < LISTED else ties.count()
    return number, tuple(Tie(**row.asDict()) for row in top)


def _shown(name: str, dataset: Dataset) -> SparkColumn:
    return (F.lit(MASK) if name in dataset.pii_columns else F.col(name)).alias(name)


def _text(sequence: SparkColumn, name: str, dataset: Dataset) -> SparkColumn:
    if dataset.silver_types[name] == "timestamp":
        return F.coalesce(F.date_format(sequence, tables.INSTANT), F.lit(""))
    return F.coalesce(sequence.cast("string"), F.lit(""))
