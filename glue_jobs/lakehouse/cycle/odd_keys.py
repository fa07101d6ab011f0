"""Counts the values of a key that are likely to be meant otherwise."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.odd_keys import said_blanks_around, said_null_words
from lakehouse.contracts.values import BLANKS, NULL_WORDS


def odd_keys(rows: DataFrame, dataset: Dataset) -> tuple[str, ...]:
    """Typed rows of a dataset → a line for each part of its key and each of the two, where there is one."""
    names = [name for name in dataset.key if dataset.column(name).type == "string"]
    if not names:
        return ()
    padded = [F.count_if(F.btrim(F.col(name), F.lit(BLANKS)) != F.col(name)) for name in names]
    words = [F.count_if(F.lower(name).isin(*NULL_WORDS)) for name in names]
    counts = rows.agg(*padded, *words).first() or ()
    said = [(f"{name}: ", said_blanks_around) for name in names] + [(f"{name}: ", said_null_words) for name in names]
    return tuple(begin + say(count) for (begin, say), count in zip(said, counts, strict=True) if count)
