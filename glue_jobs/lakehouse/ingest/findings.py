"""What ingest found in a batch: its rows counted, and how its files differ from what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import log
from lakehouse.contracts.choices import Drift
from lakehouse.contracts.columns import BROKEN_RULES, REPAIR_OF, RESCUED
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.drift import lacking
from lakehouse.ingest.header import Header
from lakehouse.lake.files import StoredFile
from lakehouse.say import format_count


@dataclass(frozen=True)
class Counts:
    """Rows of a batch. rescued: those with values that the contract does not know, and some of their names."""

    unreadable: int
    readable: int
    rescued: int
    rescued_names: tuple[str, ...]


def count_rows_of(rows: DataFrame) -> Counts:
    """Count the typed rows of a batch."""
    broken, drifted = F.size(BROKEN_RULES) > 0, F.col(RESCUED).isNotNull() & F.col(REPAIR_OF).isNull()
    names = F.when(drifted, F.json_object_keys(RESCUED))
    row = rows.agg(F.count_if(broken), F.count_if(~broken), F.count_if(drifted), F.max(names)).first()
    assert row is not None  # an aggregate without groups has one row
    return Counts(row[0], row[1], row[2], tuple(row[3] or ()))


def log_differences(dataset: Dataset, files: Sequence[tuple[StoredFile, Header]], counts: Counts) -> tuple[str, ...]:
    """How the ingested files of a batch differ from the contract, or end too early; a line each, also in the log."""
    lines = []
    if counts.rescued:
        names = counts.rescued_names
        shown = format_count(len(names), "name") if dataset.pii_columns else ", ".join(names)
        kept = "kept in _rescued" if dataset.drift is Drift.RESCUE else "left in the raw file"
        rows = format_count(counts.rescued, "row")
        lines.append(f"{dataset.name}: what the contract does not know ({shown}) in {rows}, {kept}")
    for file, header in files:
        if empty := lacking(header.columns, dataset):
            lines.append(f"{file.name}: no column {', '.join(empty)}, which is null in all of its rows")
    for line in lines:
        log.warning("columns differ from the contract", what=line)
    cut = [f"{file.name}: its last line has no line end; the file may be cut off" for file, own in files if own.is_cut]
    for line in cut:
        log.warning("a file may be cut off", what=line)
    return (*lines, *cut)
