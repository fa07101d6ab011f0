"""Counts the values of a key that are likely to be meant otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.odd_keys import said_blanks_around, said_null_words
from lakehouse.contracts.values import BLANKS, NULL_WORDS

_ODD: Mapping[Callable[[int], str], Callable[[SparkColumn], SparkColumn]] = {
    said_blanks_around: lambda text: F.btrim(text, F.lit(BLANKS)) != text,
    said_null_words: lambda text: F.lower(text).isin(*NULL_WORDS),
}


def odd_keys(rows: DataFrame, dataset: Dataset) -> tuple[str, ...]:
    """Typed rows of a dataset → a line for each part of its key and each of the two, where there is one."""
    names = [name for name in dataset.key if dataset.column(name).type == "string"]
    if not names:
        return ()
    asked = [(name, say, F.count_if(is_odd(F.col(name)))) for name in names for say, is_odd in _ODD.items()]
    counts = rows.agg(*[count for *_, count in asked]).first() or ()
    return tuple(f"{name}: {say(count)}" for (name, say, _), count in zip(asked, counts, strict=True) if count)
