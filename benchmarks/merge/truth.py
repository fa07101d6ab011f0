"""Whether a table holds the rows it must hold after a batch, against a plain computation of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.shared.table_changes import Listing, with_day
from lakehouse.contracts.dataset import Dataset

Days = frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """right: the table holds exactly the expected rows. doubled: keys of the batch that it holds more than once."""

    right: bool
    doubled: int


@dataclass
class Truth:
    """What a table must hold after a batch whose rows are all news and whose old copies lie in the batch's own days.

    Compared are the batch's days and every day whose files are not the same as before; the other days consist of the
    very files that they had.
    """

    spark: SparkSession
    dataset: Dataset
    table: Path
    batch: Path
    _known: dict[Days, tuple[str, ...]] = field(default_factory=dict)

    def judge(self, copy: Path, before: Listing, after: Listing) -> Verdict:
        """Compare a copy of the table that took the batch; before: the files of the table that it was copied from."""
        days = self._days | before.changed_days(after)
        rows = _of_days(self.spark.read.format("delta").load(str(copy)), days)
        if fingerprint(rows, self.dataset) == self._expected(days):
            # The expected rows hold no key twice, so rows equal to them do not either.
            return Verdict(right=True, doubled=0)
        keys = F.broadcast(self._batch.select(*self.dataset.key))
        held = rows.select(*self.dataset.key).join(keys, on=list(self.dataset.key), how="left_semi")
        return Verdict(right=False, doubled=_doubled(held, self.dataset))

    @property
    def _batch(self) -> DataFrame:
        return with_day(self.spark.read.parquet(str(self.batch)))

    @cached_property
    def _days(self) -> Days:
        return frozenset(str(row[0]) for row in self._batch.select("dt").distinct().collect())

    def _expected(self, days: Days) -> tuple[str, ...]:
        """The table less the batch's keys, and the batch."""
        if days not in self._known:
            old = _of_days(self.spark.read.format("delta").load(str(self.table)), days).drop("_batch_id")
            keys = F.broadcast(self._batch.select(*self.dataset.key))
            rows = old.join(keys, on=list(self.dataset.key), how="left_anti").unionByName(self._batch)
            doubled = _doubled(rows, self.dataset)
            assert doubled == 0, f"{self.batch.name}: {doubled} keys are there twice before any merge"
            self._known[days] = fingerprint(rows, self.dataset)
        return self._known[days]


def fingerprint(rows: DataFrame, dataset: Dataset) -> tuple[str, ...]:
    """Count, two sums and two hashes of all values, whatever the order of the rows; the batch number is left out."""
    values = f"xxhash64({', '.join([*dataset.column_names, 'dt'])})"
    found = rows.agg(
        F.count("*"),
        F.sum("quantity"),
        F.sum(F.col("quantity") * F.col("unit_price")),
        # A row that is there twice takes itself out of the first of the two.
        F.expr(f"bit_xor({values})"),
        F.expr(f"sum(pmod({values}, 1000003))"),
    ).first()
    assert found is not None  # an aggregate without groups has one row
    return tuple(map(str, found))


def _of_days(rows: DataFrame, days: Days) -> DataFrame:
    return rows.where(F.col("dt").isin(sorted(days)))


def _doubled(rows: DataFrame, dataset: Dataset) -> int:
    return rows.groupBy(*dataset.key).count().where("count > 1").count()
