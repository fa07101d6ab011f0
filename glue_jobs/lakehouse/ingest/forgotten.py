"""Leaves out rows of people who were forgotten, when a source delivers them again."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.erasures import forgotten_of
from lakehouse.lake.paths import Lake
from lakehouse.lake.subject_rows import of_digests
from lakehouse.say import format_count

_CURE = "the same `lakehouse erase` again blanks them in the raw file"


def without_forgotten(lake: Lake, dataset: Dataset, rows: DataFrame) -> tuple[DataFrame, tuple[str, ...]]:
    """The rows of a batch without those that a digest knows, and a line on how many there were.

    rows: as `with_types` gives them. They count as if they had not been delivered; their raw file still has them.
    """
    known = forgotten_of(lake, dataset.name)
    if not known:
        return rows, ()
    own = of_digests(rows, known)
    number = rows.where(own).count()
    if not number:
        return rows, ()
    text = f"{format_count(number, 'row')} of a person who was forgotten left out"
    log.warning(text, cure=_CURE)
    return rows.where(~own), (f"{dataset.name}: {text}; {_CURE}",)
