"""The places of a lake where a person can be, in the order in which they are cleared, as one list."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.keep_days import RAW
from lakehouse.contracts.layers import BRONZE, MARTS, OPS, PINNED, QUARANTINE, SILVER
from lakehouse.cycle.erase_counts import correct_counts
from lakehouse.cycle.erase_files import holds, mask_texts, remove_results, tables_below
from lakehouse.cycle.erase_versions import clear_versions
from lakehouse.cycle.erase_work import Work
from lakehouse.cycle.rebuild import bring_after, plan_rebuild, rebuild
from lakehouse.ingest.blanking import Records, blank, records_of, remove_half_written
from lakehouse.ingest.landing import settle
from lakehouse.lake import tables
from lakehouse.lake.blanked import enter_blanked
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import existing_table, literal, table_version
from lakehouse.lake.every_file import FileVersion, opened
from lakehouse.lake.files import StoredFile, list_files
from lakehouse.lake.opened_search import forms_in_opened
from lakehouse.lake.paths import delta_name, for_spark
from lakehouse.lake.purge import purge_history
from lakehouse.lake.sought import can_be_searched
from lakehouse.lake.subject_rows import of_quarantined, of_typed, of_words
from lakehouse.privacy import MASK
from lakehouse.quarantine.rows import UNSPLIT
from lakehouse.transform.mart_changes import built_from, progress

_NO_VECTORS = {"spark.databricks.delta.delete.deletionVectors.persistent": "false"}


@dataclass(frozen=True)
class Place:
    """A part of the lake. folders: what lies in it, below the root. does: what becomes of a person there.

    clear: does it; repeated, it changes nothing more. only_on_s3: whether a lake on a disk has nothing of it.
    """

    name: str
    folders: tuple[str, ...]
    does: str
    clear: Callable[[Work], None]
    only_on_s3: bool = False

    def has(self, path: str) -> bool:
        """Whether a file, by its path below the root, lies in it."""
        return any(path == folder or path.startswith(f"{folder}/") for folder in self.folders)


def raw_records(work: Work, dataset: Dataset) -> list[Records]:
    """What raw files of a dataset hold of a person; of values that can be looked for, only files with them are read."""
    root = work.context.lake.landing(dataset.domain)
    is_searched = work.is_text(dataset) and not work.by_columns
    files = [file for file in work.raw_files(dataset) if file.size]
    files = [file for file in files if not is_searched or _may_hold(work, root, file)]
    return records_of(work.context, dataset, files, work.of(dataset)) if files else []


def _may_hold(work: Work, root: str, file: StoredFile) -> bool:
    with opened(FileVersion(root, file.path, file.size)) as content:
        found, complete = forms_in_opened(content, work.sought)
    return bool(found) or not complete


def _clear_raw(work: Work) -> None:
    context = work.context
    for dataset in work.datasets:
        if context.lake.is_local:
            remove_half_written(Path(context.lake.landing(dataset.domain)))
        for records in raw_records(work, dataset):
            after = blank(context.lake, dataset.domain, records)
            if after != records.file:
                enter_blanked(context.lake, dataset, {after: records.file})
    for domain in () if context.lake.is_local else {dataset.domain for dataset in work.datasets}:
        files = list_files(context.lake.landing(domain))
        settle(context.lake, context.contracts, context.contracts.of(domain), files)


def rows_of(work: Work, layer: str, dataset: Dataset) -> int:
    """How many rows of a person a table of a dataset has."""
    path = work.context.lake.table(layer, dataset.name)
    if table_version(path) < 0:
        return 0
    rows = tables.read(work.context.spark(), path)
    return rows.where(_own(work, layer, dataset, rows)).count()


def _own(work: Work, layer: str, dataset: Dataset, rows: DataFrame) -> SparkColumn:
    own = work.of(dataset)
    return of_quarantined(rows, own, UNSPLIT) if layer == QUARANTINE else of_typed(rows, own)


def _delete(work: Work, path: str, condition: Callable[[DataFrame], SparkColumn]) -> None:
    """Delete rows in a commit that writes new files: a deletion vector would leave them where they are."""
    spark = work.context.spark()
    own = condition(tables.read(spark, path))
    if tables.read(spark, path).where(own).isEmpty():
        return
    delta = spark._jvm.io.delta.tables.DeltaTable.forPath(spark._jsparkSession, for_spark(path))  # type: ignore[union-attr]
    with tables.session_settings(spark, _NO_VECTORS):
        when_free(path, lambda: delta.delete(own._jc))


def _clear_rows(work: Work, layer: str) -> None:
    for dataset in work.datasets:
        path = work.context.lake.table(layer, dataset.name)
        if table_version(path) >= 0:
            _delete(work, path, lambda rows, of=dataset: _own(work, layer, of, rows))  # type: ignore[misc]


def _clear_bronze(work: Work) -> None:
    _clear_rows(work, BRONZE)


def _clear_quarantine(work: Work) -> None:
    _clear_rows(work, QUARANTINE)
    for dataset in work.datasets:
        correct_counts(work.context.lake, dataset)


def _clear_silver(work: Work) -> None:
    """Make it anew from bronze, every file of it: an earlier version of a key may come back in the place of one."""
    for dataset in work.datasets:
        if table_version(work.context.lake.silver(dataset.name)) >= 0:
            plan = plan_rebuild(work.context, dataset)
            rebuild(work.context, dataclasses.replace(plan, same_shape=False), work.by)


def _clear_marts(work: Work) -> None:
    """Follow silver, as the next run would."""
    for dataset in work.datasets:
        bring_after(work.context, dataset)


def _clear_pins(work: Work) -> None:
    spark = work.context.spark()
    values = [subject.value for subject in work.subjects if can_be_searched(subject.value)]
    for path in tables_below(work.context.lake, PINNED):
        if "deletionVectors" in (existing_table(path).protocol().reader_features or []):
            spark.sql(f"REORG TABLE {delta_name(path)} APPLY (PURGE)").collect()
        own = [one for one in work.subjects if _name(path).startswith(f"{one.dataset}_v")]
        _delete(work, path, lambda rows, own=own: of_typed(rows, own) | of_words(rows, values))  # type: ignore[misc]


def _clear_ledgers(work: Work) -> None:
    """Mask what people or engines wrote into columns of text."""
    values = [subject.value for subject in work.subjects if can_be_searched(subject.value)]
    for path in tables_below(work.context.lake, OPS):
        if not holds(work, path):
            continue
        fields = existing_table(path).schema().fields
        for name in (field.name for field in fields if getattr(field.type, "type", "") == "string"):
            for value in values:
                when_free(path, functools.partial(_mask, path, name, value))


def _mask(path: str, column: str, value: str) -> None:
    said = f'"{column}"'
    change = {column: f"replace({said}, {literal(value)}, {literal(MASK)})"}
    existing_table(path).update(change, predicate=f"strpos({said}, {literal(value)}) > 0")


def _clear_pages(work: Work) -> None:
    mask_texts(work, PAGES.folders)


def _clear_results(work: Work) -> None:
    remove_results(work, RESULTS.folders)


def _clear_history(work: Work) -> None:
    """Give up earlier versions of every table that may hold a person in one, then publish those that are left."""
    lake, named = work.context.lake, {dataset.name for dataset in work.datasets}
    for layer in (BRONZE, QUARANTINE, SILVER, MARTS, PINNED, OPS):
        for path in tables_below(lake, layer):
            name = _name(path)
            if layer in (MARTS, PINNED) or name in named or holds(work, path):
                built = built_from(lake, name) if layer == MARTS else None
                purged = purge_history(path, work.request, progress(built) if built else None)
                work.given_up[f"{layer}.{name}"] = purged.begins
    _clear_marts(work)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _in(layer: str) -> tuple[str, ...]:
    return (f"curated/{layer}",)


_PAGES = ("curated/docs", "docs", "report.html", ".dbt")  # below `docs` the copies that people read in an account
PAGES = Place("pages", _PAGES, "values are masked, what is no text goes", _clear_pages)
RESULTS = Place("results", ("curated/athena_results",), "answers of queries with a value go", _clear_results, True)
VERSIONS = Place("versions", (), "earlier versions of objects are deleted", clear_versions, True)
PLACES: tuple[Place, ...] = (
    Place(RAW, (RAW,), "the records are blanked; a file without lines is blanked whole", _clear_raw),
    Place(BRONZE, _in(BRONZE), "the rows are deleted", _clear_bronze),
    Place(QUARANTINE, _in(QUARANTINE), "the rows are deleted", _clear_quarantine),
    Place(SILVER, _in(SILVER), "made anew from bronze", _clear_silver),
    Place(MARTS, _in(MARTS), "follow silver", _clear_marts),
    Place(PINNED, _in(PINNED), "the rows are deleted from the copies", _clear_pins),
    Place(OPS, _in(OPS), "values are masked", _clear_ledgers),
    Place("history", (), "earlier versions of the tables are given up", _clear_history),
    PAGES,
    RESULTS,
    VERSIONS,
)
"""Every part of a lake, in the order in which it is cleared; a file in none of them is found by the search."""


def place_of(path: str) -> Place | None:
    """The place of a file, by its path below the root of the lake; None where the plan has none."""
    return next((place for place in PLACES if place.has(path)), None)
