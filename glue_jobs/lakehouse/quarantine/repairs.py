"""Quarantined rows sent through the door again, and what became of them.

A repair is a file of the dataset's own format in `raw/<domain>/repairs/`: ingest finds it like any other, makes a batch
of it, and validate judges it. Each row says in `_repair_of` which quarantined row it stands for. The file's name comes
from its content, so a request that is repeated, or that died half-way, makes the same file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lakehouse.contracts.columns import BATCH_ID, REPAIR_OF, RESCUED, ROW_ID, STATE
from lakehouse.contracts.contract import Dataset, FileFormat
from lakehouse.contracts.suite import Suite
from lakehouse.errors import TransientError
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.files import exists, write_whole
from lakehouse.lake.paths import REPAIRS, Lake
from lakehouse.quarantine.changes import (
    DISCARD,
    FAILED_AGAIN,
    REPAIR,
    REPAIRED,
    REPLAY,
    Change,
    changes_of,
    record_changes,
)
from lakehouse.quarantine.errors import RowUnsplitError, RowWaitsError, SequenceKeptError
from lakehouse.quarantine.rows import DISCARDED, OPEN, QuarantinedRow, RowRef


class QuarantineBusyError(TransientError):
    """Another writer changed the quarantine at the same moment."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        super().__init__(f"{dataset}: another writer changed its quarantine at the same moment; try again.")


@dataclass(frozen=True)
class Edit:
    """A quarantined row and the values that it is to have in place of the delivered ones."""

    row: QuarantinedRow
    values: Mapping[str, str | None]

    @property
    def changed(self) -> dict[str, str | None]:
        """The values that differ from the delivered ones."""
        return {name: value for name, value in self.values.items() if value != self.row.values[name]}


def check_edit(edit: Edit, dataset: Dataset, suite: Suite) -> None:
    """Raise when a row is not fit to be sent: it could not be split and is unchanged, or would change its sequence."""
    row, changed = edit.row, edit.changed
    if not row.is_split and not changed:
        raise RowUnsplitError(dataset.name, str(row.ref))
    if dataset.sequence in changed and not _is_in_doubt(row, dataset, suite):
        raise SequenceKeptError(dataset.name, str(row.ref), dataset.sequence)


def _is_in_doubt(row: QuarantinedRow, dataset: Dataset, suite: Suite) -> bool:
    """Whether the row's sequence itself may be what is wrong with it."""
    speaking = {rule.name for rule in suite.expectations if dataset.sequence in rule.columns}
    speaking |= {rule for column, rule in dataset.type_rules.items() if column == dataset.sequence}
    return not row.is_split or bool(speaking & set(row.broken_rules))


def send_back(lake: Lake, dataset: Dataset, edits: Sequence[Edit], change: str, by: Signature) -> str:
    """Write one file with the edited rows, once, and record who asked for it; returns its path below the raw folder.

    The record comes first: a request without its file never happened, a file without its record could not be explained.
    """
    known = changes_of(lake, dataset)
    path = _path_of(dataset, edits, known)
    waiting = waiting_repairs(lake, dataset, known)
    for edit in edits:
        if waiting.get(edit.row.ref, path) != path:
            raise RowWaitsError(dataset.name, str(edit.row.ref), waiting[edit.row.ref])
    changes = [Change(path, edit.row.ref, change, by.who, by.why, tuple(edit.changed), path) for edit in edits]
    record_changes(lake, dataset, changes, known)
    write_whole(f"{lake.landing(dataset.domain)}/{path}", _content(dataset, edits))
    return path


def waiting_repairs(lake: Lake, dataset: Dataset, changes: Sequence[Change]) -> dict[RowRef, str]:
    """The rows with a repair that was delivered and not yet judged, and its file."""
    settled = {change.file for change in changes if change.change in (REPAIRED, FAILED_AGAIN)}
    asked = {c.ref: c.file for c in changes if c.change in (REPAIR, REPLAY) and c.file and c.file not in settled}
    root = lake.landing(dataset.domain)
    there = {file for file in set(asked.values()) if exists(f"{root}/{file}")}
    return {ref: file for ref, file in asked.items() if file in there}


def discard(lake: Lake, dataset: Dataset, rows: Sequence[QuarantinedRow], by: Signature) -> None:
    """Let rows stay out of silver for good."""
    known = changes_of(lake, dataset)
    waiting = waiting_repairs(lake, dataset, known)
    for row in rows:
        if row.ref in waiting:
            raise RowWaitsError(dataset.name, str(row.ref), waiting[row.ref])
    words = "\n".join([dataset.name, by.who, by.why, *(str(row.ref) for row in rows)])
    change_id = f"discard/{hashlib.sha256(words.encode()).hexdigest()[:12]}"
    record_changes(lake, dataset, [Change(change_id, row.ref, DISCARD, by.who, by.why) for row in rows], known)
    set_state(lake, dataset, [row.ref for row in rows], DISCARDED)


def set_state(lake: Lake, dataset: Dataset, refs: Sequence[RowRef], state: str) -> None:
    """Give open rows another state, in one commit; those that have it already stay as they are."""
    table = open_table(lake.quarantine(dataset.name))
    if table is None or not refs:
        return
    source = pa.table(
        {
            "batch": pa.array([ref.batch_id for ref in refs], pa.int64()),
            "row": pa.array([ref.row_id for ref in refs], pa.int64()),
        }
    )
    try:
        _update(table, source, state)
    except CommitFailedError:
        raise QuarantineBusyError(dataset.name) from None


def _update(table: DeltaTable, source: pa.Table, state: str) -> None:
    same = f't."{BATCH_ID}" = s."batch" AND t."{ROW_ID}" = s."row" AND t."{STATE}" = \'{OPEN}\''
    merge = table.merge(source, predicate=same, source_alias="s", target_alias="t")
    merge.when_matched_update({STATE: f"'{state}'"}).execute()


def _path_of(dataset: Dataset, edits: Sequence[Edit], known: Sequence[Change]) -> str:
    """Where a repair is delivered. After a failure the same content may be judged again, under another name."""
    refs = {edit.row.ref for edit in edits}
    failed = [change.ref for change in known if change.change == FAILED_AGAIN and change.ref in refs]
    attempt = 1 + max((failed.count(ref) for ref in refs), default=0)
    digest = hashlib.sha256(_content(dataset, edits)).hexdigest()[:12]
    return f"{REPAIRS}/{digest}-{attempt}/{_file_name(dataset, edits)}"


def _file_name(dataset: Dataset, edits: Sequence[Edit]) -> str:
    """A name that the contract's pattern matches: that of the file in which a row came."""
    names = [edit.row.source_file.rsplit("/", 1)[-1] for edit in edits]
    plain = dataset.file_pattern.replace("*", "_repair").replace("?", "0")
    return next((name for name in names if dataset.matches(name)), plain)


def _content(dataset: Dataset, edits: Sequence[Edit]) -> bytes:
    if dataset.file_format is FileFormat.JSON_LINES:
        return "".join(f"{json.dumps(_object(dataset, edit), ensure_ascii=False)}\n" for edit in edits).encode()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    # Last, for the reader takes a carriage return off the end of a line.
    writer.writerow([*dataset.column_names, RESCUED, REPAIR_OF])
    for edit in edits:
        values = {**edit.row.values, **edit.changed}
        writer.writerow([*(values[name] for name in dataset.column_names), edit.row.rescued, edit.row.ref])
    return text.getvalue().encode()


def _object(dataset: Dataset, edit: Edit) -> dict[str, Any]:
    """The row as a JSON object: as delivered where that can be read, with the changed members in their place."""
    delivered = _parsed(edit.row.raw_text)
    texts = edit.changed if isinstance(delivered, dict) else {**edit.row.values, **edit.changed}
    members = {name: delivered[name] for name in dataset.column_names if name in delivered} if delivered else {}
    for column in dataset.columns:
        if column.name in texts:
            text = texts[column.name]
            nested = _parsed(text) if column.fields else None
            members[column.name] = text if nested is None else nested
    return {**members, RESCUED: edit.row.rescued, REPAIR_OF: str(edit.row.ref)}


def _parsed(text: str | None) -> dict[str, Any] | None:
    """The object that a text holds; None where it holds none."""
    try:
        found = json.loads(text or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
