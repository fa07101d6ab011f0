"""What the rows of a batch touch, once their fates are known: days and stores, times of a history, partitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.contract import Dataset
from lakehouse.newest import DELETED, FATE, INSERTED, MOVED, NEWS, OLD, STALE, UNCHANGED, UPDATED
from lakehouse.reach import Partition


def count_fates(judged: DataFrame, dataset: Dataset) -> Row:
    """Rows by fate, the (dt, store_id) pairs and the partitions touched, in one pass over the batch."""
    is_news = F.col(FATE).isin(*NEWS)
    replaced = is_news & F.col(OLD).isNotNull()
    counted = judged.agg(
        *[F.count_if(F.col(FATE) == fate).alias(fate) for fate in (INSERTED, UPDATED, DELETED, UNCHANGED, STALE)],
        F.count_if(MOVED).alias("moved"),
        F.count("*").alias("judged"),
        _distinct(is_news, _pair(dataset)).alias("new_pairs"),
        _distinct(replaced, _pair(dataset, f"{OLD}.")).alias("old_pairs"),
        _distinct(is_news, _partition(dataset)).alias("gaining"),
        _distinct(replaced, _partition(dataset, f"{OLD}.")).alias("losing"),
    ).first()
    assert counted is not None  # an aggregate without groups has one row
    return counted


def _distinct(where: SparkColumn, value: SparkColumn) -> SparkColumn:
    """The distinct values of a column over the rows for which a condition holds."""
    return F.collect_set(F.when(where, value))


def _pair(dataset: Dataset, prefix: str = "") -> SparkColumn:
    """The day and, where there is one, the store of a row; nothing for a dataset without days."""
    names = [name for name in dataset.silver_column_names if name in ("dt", "store_id")] if dataset.date_from else []
    return _fields(names, prefix) if names else F.lit(None).cast("struct<dt: string>")


def _partition(dataset: Dataset, prefix: str = "") -> SparkColumn:
    """The partition of a row, after a constant, for a struct must have a field."""
    return _fields(dataset.partition_by, prefix, F.lit(0).alias("_"))


def _fields(names: Sequence[str], prefix: str, *first: SparkColumn) -> SparkColumn:
    return F.struct(*first, *[F.col(f"{prefix}{name}").alias(name) for name in names])


def partitions_of(structs: Iterable[Row]) -> set[Partition]:
    """Partitions without the constant before them."""
    return {tuple(struct)[1:] for struct in structs}


def touched_days(pairs: list[Row]) -> dict[str, list[str]]:
    """The stores of each touched day, sorted."""
    days: dict[str, set[str]] = {}
    for pair in pairs:
        fields = pair.asDict()
        days.setdefault(str(fields["dt"]), set()).update({fields["store_id"]} if fields.get("store_id") else ())
    return {day: sorted(stores) for day, stores in sorted(days.items())}


def touched_times(changes: DataFrame, dataset: Dataset) -> tuple[list[dict[str, str]], set[Partition], set[Partition]]:
    """The keys and times of new versions, and the partitions that gain and lose rows."""
    times = [F.date_format(name, tables.INSTANT).alias(name) for name in ("valid_from", "valid_to")]
    known = F.col(OLD).isNotNull()
    partitions = (_partition(dataset), F.when(known, _partition(dataset, f"{OLD}.")))
    found = changes.select(F.struct(*dataset.key, *times), *partitions).collect()
    touched = [time.asDict() for time, _, old in found if old is None]
    return touched, partitions_of(new for _, new, _ in found), partitions_of(old for _, _, old in found if old)
