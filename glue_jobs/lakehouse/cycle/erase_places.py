"""The places of a lake where a person can be, in the order in which they are cleared, as one list."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import BRONZE, MARTS, OPS, PINNED, QUARANTINE, SILVER
from lakehouse.cycle.erase_counts import correct_counts
from lakehouse.cycle.erase_work import Work
from lakehouse.cycle.rebuild import bring_after, plan_rebuild, rebuild
from lakehouse.ingest.blanking import Records, blank, records_of, remove_half_written
from lakehouse.lake import tables
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import existing_table, literal, table_version
from lakehouse.lake.files import taking_its_place
from lakehouse.lake.opened_search import forms_in
from lakehouse.lake.paths import delta_name, for_spark
from lakehouse.lake.purge import purge_history
from lakehouse.lake.sought import can_be_searched
from lakehouse.lake.subject_rows import of_quarantined, of_typed, of_words
from lakehouse.privacy import MASK
from lakehouse.quarantine.rows import UNSPLIT
from lakehouse.transform.mart_changes import built_from, progress

_TEXTS = frozenset({".html", ".json", ".txt", ".md", ".css", ".js", ".sql", ".csv", ".log", ".yml", ".yaml", ".svg"})
_NO_VECTORS = {"spark.databricks.delta.delete.deletionVectors.persistent": "false"}


@dataclass(frozen=True)
class Place:
    """A part of the lake. folders: what lies in it, below the root. does: what becomes of a person there.

    clear: does it; repeated, it changes nothing more.
    """

    name: str
    folders: tuple[str, ...]
    does: str
    clear: Callable[[Work], None]

    def has(self, path: str) -> bool:
        """Whether a file, by its path below the root, lies in it."""
        return any(path == folder or path.startswith(f"{folder}/") for folder in self.folders)


def raw_records(work: Work, dataset: Dataset) -> list[Records]:
    """What raw files of a dataset hold of a person; of values that can be looked for, only files with them are read."""
    root = Path(work.context.lake.landing(dataset.domain))
    is_searched = work.is_text(dataset) and not work.by_columns
    files = [file for file in work.raw_files(dataset) if file.size]
    files = [file for file in files if not is_searched or _may_hold(work, root / file.path)]
    return records_of(work.context, dataset, files, work.of(dataset)) if files else []


def _may_hold(work: Work, file: Path) -> bool:
    found, complete = forms_in(file, work.sought)
    return bool(found) or not complete


def _clear_raw(work: Work) -> None:
    for dataset in work.datasets:
        remove_half_written(Path(work.context.lake.landing(dataset.domain)))
        for records in raw_records(work, dataset):
            blank(work.context.lake, dataset.domain, records)


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
    for path in _tables_below(work, PINNED):
        if "deletionVectors" in (existing_table(path).protocol().reader_features or []):
            spark.sql(f"REORG TABLE {delta_name(path)} APPLY (PURGE)").collect()
        own = [one for one in work.subjects if Path(path).name.startswith(f"{one.dataset}_v")]
        _delete(work, path, lambda rows, own=own: of_typed(rows, own) | of_words(rows, values))  # type: ignore[misc]


def _clear_ledgers(work: Work) -> None:
    """Mask what people or engines wrote into columns of text."""
    values = [subject.value for subject in work.subjects if can_be_searched(subject.value)]
    for path in _tables_below(work, OPS):
        if not _holds(work, Path(path)):
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
    """Mask values in texts that were made from the lake; what is no text is made anew by who needs it."""
    root = Path(work.context.lake.root)
    for folder in PAGES.folders:
        for file in _files_at(root / folder):
            if not forms_in(file, work.sought)[0]:
                continue
            if file.suffix not in _TEXTS:
                file.unlink()
                continue
            with taking_its_place(file) as partial:
                partial.write_bytes(work.sought.without(file.read_bytes(), MASK.encode()))


def _clear_history(work: Work) -> None:
    """Give up earlier versions of every table that may hold a person in one, then publish those that are left."""
    lake, named = work.context.lake, {dataset.name for dataset in work.datasets}
    for layer in (BRONZE, QUARANTINE, SILVER, MARTS, PINNED, OPS):
        for path in _tables_below(work, layer):
            name = Path(path).name
            if layer in (MARTS, PINNED) or name in named or _holds(work, Path(path)):
                built = built_from(lake, name) if layer == MARTS else None
                purged = purge_history(path, work.request, progress(built) if built else None)
                work.given_up[f"{layer}.{name}"] = purged.begins
    _clear_marts(work)


def _tables_below(work: Work, layer: str) -> list[str]:
    folder = Path(work.context.lake.table(layer, "x")).parent
    return sorted(str(log.parent) for log in folder.rglob("_delta_log")) if folder.is_dir() else []


def _holds(work: Work, folder: Path) -> bool:
    return any(forms_in(file, work.sought)[0] for file in _files_at(folder))


def _files_at(path: Path) -> Iterator[Path]:
    """A file, or every file below a folder, hidden ones too."""
    if path.is_file():
        yield path
    yield from sorted(file for file in path.rglob("*") if file.is_file())


def _in(layer: str) -> tuple[str, ...]:
    return (f"curated/{layer}",)


PAGES = Place("pages", ("curated/docs", "report.html", ".dbt"), "values are masked, what is no text goes", _clear_pages)
PLACES: tuple[Place, ...] = (
    Place("raw", ("raw",), "the records are blanked; a file without lines is blanked whole", _clear_raw),
    Place(BRONZE, _in(BRONZE), "the rows are deleted", _clear_bronze),
    Place(QUARANTINE, _in(QUARANTINE), "the rows are deleted", _clear_quarantine),
    Place(SILVER, _in(SILVER), "made anew from bronze", _clear_silver),
    Place(MARTS, _in(MARTS), "follow silver", _clear_marts),
    Place(PINNED, _in(PINNED), "the rows are deleted from the copies", _clear_pins),
    Place(OPS, _in(OPS), "values are masked", _clear_ledgers),
    Place("history", (), "earlier versions of the tables are given up", _clear_history),
    PAGES,
)
"""Every part of a lake, in the order in which it is cleared; a file in none of them is found by the search."""


def place_of(path: str) -> Place | None:
    """The place of a file, by its path below the root of the lake; None where the plan has none."""
    return next((place for place in PLACES if place.has(path)), None)
