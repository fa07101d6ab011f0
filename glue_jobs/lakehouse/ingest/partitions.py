"""Values that no folder of a partition can be named after: one such row would block every later run of its dataset."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.contracts.columns import partition_rule
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.values import plain_name

LONGEST_NAME = 255
"""Bytes of a folder's name `column=value`, of file systems and in Hadoop alike."""
NULL_NAME = "__HIVE_DEFAULT_PARTITION__"
"""How the folder of the null value is called: the text itself would be read back as null."""

# What Spark writes into a folder's name as %XX, in three bytes instead of one.
_ESCAPED = "\"#%'*/:=?\\{[]^"
_CONTROL = r"[\x00-\x1f\x7f]"


def partition_misfits(dataset: Dataset) -> list[SparkColumn]:
    """For each text column that partitions silver, the name of its rule where the value breaks it."""
    texts = [c for c in dataset.columns if c.type == "string" and c.name in dataset.partition_by]
    return [F.when(_misfit(c.name, F.col(plain_name(c))), F.lit(partition_rule(c.name))) for c in texts]


def _misfit(name: str, text: SparkColumn) -> SparkColumn:
    escaped = F.length(text) - F.length(F.translate(text, _ESCAPED, ""))
    too_long = F.octet_length(text) + escaped * 2 > LONGEST_NAME - len(f"{name}=".encode())
    return F.coalesce(too_long | text.rlike(_CONTROL) | (text == NULL_NAME), F.lit(False))
