"""Finds what is older than a contract keeps it, place by place; nothing is removed before it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import BATCH_ID, ROW_ID, SOURCE_FILE, STEP
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.keep_days import RAW
from lakehouse.contracts.layers import BRONZE, QUARANTINE, SILVER
from lakehouse.ingest.landing import dataset_of
from lakehouse.lake import tables
from lakehouse.lake.batches import VALIDATE, Batch, BatchState, ValidationStatus, batches_of, undecided
from lakehouse.lake.bronze import passed_rows_in, with_day
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import existing_table, open_table, table_version
from lakehouse.lake.evolution import with_columns_of
from lakehouse.lake.files import StoredFile, list_files, remove
from lakehouse.lake.removal import places, remove_rows
from lakehouse.runtime.context import Context
from lakehouse.transform.kept import KEPT_SINCE, NEWEST, day_in, kept_since, newest_days
from lakehouse.transform.merge_order import batches_had, batches_in_silver

_DAY, _IS_OLD, _IS_LOST = "_day", "_is_old", "_is_lost"
_ROW = (BATCH_ID, ROW_ID)


@dataclass(frozen=True)
class Old:
    """What is too old in one place of a dataset. before: the first day that stays. remove: does it, once or twice."""

    dataset: str
    place: str
    before: date
    number: int
    remove: Callable[[], None]

    @property
    def unit(self) -> str:
        """What is counted."""
        return "file" if self.place == RAW else "row"


@dataclass(frozen=True)
class Ages:
    """How old the rows of a dataset are on a day."""

    context: Context
    dataset: Dataset
    today: date

    def before(self, place: str) -> date | None:
        """The first day that a place keeps; None where it keeps all."""
        days = getattr(self.dataset.keep_days, place)
        return None if days is None else self.today - timedelta(days=days)

    @cached_property
    def batches(self) -> list[Batch]:
        """All batches of the dataset."""
        return batches_of(self.context.lake, self.dataset)

    @cached_property
    def merged(self) -> frozenset[int]:
        """The batches from which silver is made."""
        return batches_in_silver(self.context.lake, self.dataset)

    @cached_property
    def settled(self) -> frozenset[int]:
        """The batches that nothing is going to read again but a rebuild: merged once, refused or rejected."""
        refused = {batch.batch_id for batch in self.batches if batch.state is BatchState.REFUSED}
        results = undecided(self.context.lake, self.dataset)
        rejected = {result.batch_id for result in results if result.status is ValidationStatus.REJECTED}
        return batches_had(self.context.lake, self.dataset) | refused | rejected

    def delivered_before(self, day: date) -> frozenset[int]:
        """The batches that were recorded before a day: what has no date of its own is as old as its delivery."""
        return frozenset(batch.batch_id for batch in self.batches if batch.recorded_at.date() < day)

    @cached_property
    def bronze(self) -> DataFrame | None:
        """The rows of bronze: key, place, file and day."""
        path = self.context.lake.bronze(self.dataset.name)
        if table_version(path) < 0:
            return None
        rows = with_columns_of(tables.read(self.context.spark(), path), self.dataset.bronze_columns, self.dataset)
        day = day_in(self.dataset).alias(_DAY)
        return with_day(rows, self.dataset).select(*self.dataset.key, *_ROW, SOURCE_FILE, day)

    @cached_property
    def quarantine(self) -> DataFrame | None:
        """The rows of quarantine: place, file and, of those that bronze has too, their day; which of them lost it.

        Rows that validation caught are in bronze, until a process was killed between the two.
        """
        path = self.context.lake.quarantine(self.dataset.name)
        if table_version(path) < 0:
            return None
        caught = (F.col(STEP) == VALIDATE).alias(_IS_LOST)
        rows = tables.read(self.context.spark(), path).select(*_ROW, SOURCE_FILE, caught)
        if self.bronze is None:
            return rows.withColumn(_DAY, F.lit(None).cast("date"))
        known = self.bronze.select(*_ROW, _DAY, F.lit(True).alias("_known"))
        joined = rows.join(known, on=list(_ROW), how="left")
        return joined.withColumn(_IS_LOST, F.col(_IS_LOST) & F.col("_known").isNull())


def old_of(ages: Ages) -> list[Old]:
    """What is too old, in the order in which it has to go: a place is judged by those behind it."""
    found = []
    for place, find in ((SILVER, _of_silver), (RAW, _of_raw), (BRONZE, _of_bronze), (QUARANTINE, _of_quarantine)):
        before = ages.before(place)
        found += [] if before is None else [old for old in find(ages, before) if old.number]
    return found


def _among(batches: frozenset[int]) -> SparkColumn:
    return F.col(BATCH_ID).isin(*sorted(batches)) if batches else F.lit(False)


def _of_silver(ages: Ages, before: date) -> Iterator[Old]:
    """Keys whose newest row is too old, and of rows without a key those that are."""
    dataset, spark, path = ages.dataset, ages.context.spark(), ages.context.lake.silver(ages.dataset.name)
    if table_version(path) < 0:
        return
    rows, is_old = tables.read(spark, path), F.col("dt") < F.lit(before)
    if rows.where(is_old).isEmpty():  # answered by statistics where silver is clustered by dt
        return
    within, gone = f"t.dt < DATE'{before}'", rows.where(is_old)
    if dataset.merge_strategy is not MergeStrategy.APPEND:
        if dataset.operations:  # a change log may delete a key and name no date
            within, gone = f"({within} OR t.dt IS NULL)", rows.where(is_old | F.col("dt").isNull())
        newest = newest_days(passed_rows_in(spark, ages.context.lake, dataset, ages.merged), dataset)
        newest_of_all = F.greatest(F.col(NEWEST), F.col("dt"))
        gone = gone.join(newest, on=list(dataset.key), how="left").where(newest_of_all < F.lit(before))
    found = places(dataset.identity, gone)

    def go() -> None:
        _keep_since(path, dataset, before)
        remove_rows(path, found, {"dataset": dataset.name, "kept_since": str(before)}, within)

    yield Old(dataset.name, SILVER, before, found.count(), go)


def _keep_since(path: str, dataset: Dataset, before: date) -> None:
    """What a delivery brings again stays out from here on."""
    known = kept_since(open_table(path), dataset)
    if known is None or known < before:
        said = {KEPT_SINCE: str(before)}
        when_free(path, lambda: existing_table(path).alter.set_table_properties(said, raise_if_not_exists=False))


def _of_bronze(ages: Ages, before: date) -> Iterator[Old]:
    """Rows of keys of which bronze has no newer one and none that waits; those in quarantine stay as long as there."""
    rows, dataset = ages.bronze, ages.dataset
    if rows is None:
        return
    out = ages.quarantine
    free = rows if out is None else rows.join(out.select(*_ROW), on=list(_ROW), how="left_anti")
    is_old, is_settled = F.col(_DAY) < F.lit(before), _among(ages.settled)
    if dataset.merge_strategy is MergeStrategy.APPEND:
        gone = free.where(is_old & is_settled)
    else:
        keys = rows.groupBy(*dataset.key).agg(F.max(_DAY).alias(_DAY), F.every(is_settled).alias("_settled"))
        gone = free.join(keys.where(is_old & F.col("_settled")), on=list(dataset.key), how="left_semi")
    yield _rows_of(ages, BRONZE, before, places(_ROW, gone))


def _of_quarantine(ages: Ages, before: date) -> Iterator[Old]:
    """Rows whose day in bronze, or else whose delivery, is too old; bronze's go first, or they would count again."""
    if ages.quarantine is None:
        return
    gone = ages.quarantine.where((_is_old(ages, before) | F.col(_IS_LOST)) & _among(ages.settled))
    found = places(_ROW, gone)
    in_bronze = _rows_of(ages, BRONZE, before, found)
    own = _rows_of(ages, QUARANTINE, before, found)

    def go() -> None:
        if ages.bronze is not None:
            in_bronze.remove()
        own.remove()

    yield Old(own.dataset, QUARANTINE, before, own.number, go)


def _rows_of(ages: Ages, layer: str, before: date, found: DataFrame) -> Old:
    path, name = ages.context.lake.table(layer, ages.dataset.name), ages.dataset.name
    said = {"dataset": name, "kept_since": str(before)}
    last = max((batch.batch_id for batch in ages.batches), default=0)
    within = f"t.`{BATCH_ID}` <= {last}"
    return Old(name, layer, before, found.count(), lambda: remove_rows(path, found, said, within))


def _is_old(ages: Ages, before: date) -> SparkColumn:
    return F.coalesce(F.col(_DAY) < F.lit(before), _among(ages.delivered_before(before)))


def _of_raw(ages: Ages, before: date) -> Iterator[Old]:
    """Files of which every row is too old; of what no row tells, those that were delivered before the day."""
    lake, dataset = ages.context.lake, ages.dataset
    root, old = lake.landing(dataset.domain), ages.delivered_before(before)
    batch_of = {file: batch.batch_id for batch in ages.batches for file in batch.files}
    own = [file for file in list_files(root) if dataset_of(ages.context.contracts, file.name) is dataset]
    files = [file for file in own if batch_of.get(file) in ages.settled]
    told = _told_by_rows(ages, before) if files else {}
    gone = [file for file in files if told.get(file.path, batch_of[file] in old)]
    yield Old(dataset.name, RAW, before, len(gone), lambda: _remove_files(root, gone))


def _told_by_rows(ages: Ages, before: date) -> dict[str, bool]:
    """Whether all rows of a file are too old, by its path; files without rows are left out, and all where bronze keeps
    rows for less long: a file may then have had newer ones than those that are left.
    """
    bronze, raw = ages.dataset.keep_days.bronze, ages.dataset.keep_days.raw
    if bronze is not None and raw is not None and bronze < raw:
        return {}
    parts = [rows.select(SOURCE_FILE, _DAY, BATCH_ID) for rows in (ages.bronze, ages.quarantine) if rows is not None]
    told: dict[str, bool] = {}
    for rows in parts:
        ages_of = rows.groupBy(SOURCE_FILE).agg(F.every(_is_old(ages, before)).alias(_IS_OLD))
        for source, is_old in ages_of.collect():
            # The source of a row from an archive has the name in it behind that of the archive.
            for path in (source, *(str(parent) for parent in Path(source).parents)):
                told[path] = told.get(path, True) and is_old
    return told


def _remove_files(root: str, files: list[StoredFile]) -> None:
    for file in files:
        remove(f"{root}/{file.path}")
