"""Sends quarantined rows back to ingest, corrected or unchanged, and discards rows.

A repair is a file in the dataset's own format in `raw/<domain>/repairs/`. Ingest loads it like any other file, as a
batch of its own, and validate validates it. In each row, `_repair_of` names the quarantined row that it replaces. The
file's name is derived from its content, so a request that is repeated, or was interrupted, writes the same file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lakehouse.contracts.columns import ARRAY, BATCH_ID, REPAIR_OF, RESCUED, ROW_ID, STATE, Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.suite import Suite
from lakehouse.errors import TransientError
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.files import exists, write_whole
from lakehouse.lake.paths import REPAIRS, Lake
from lakehouse.lake.raw_layer import require_raw_of
from lakehouse.quarantine.changes import Change, ChangeKind, changes_of, record_changes
from lakehouse.quarantine.errors import RepairPendingError, SequenceChangeError, UnsplitRowError
from lakehouse.quarantine.rows import QuarantinedRow, RowRef, RowState


class QuarantineBusyError(TransientError):
    """Another writer changed the quarantine at the same moment."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        super().__init__(f"{dataset}: another writer changed its quarantine at the same moment; try again.")


@dataclass(frozen=True)
class Edit:
    """A quarantined row and the values that replace the delivered ones."""

    row: QuarantinedRow
    values: Mapping[str, str | None]

    @property
    def changed(self) -> dict[str, str | None]:
        """The values that differ from the delivered ones."""
        return {name: value for name, value in self.values.items() if value != self.row.values[name]}


def check_edit(edit: Edit, dataset: Dataset, suite: Suite) -> None:
    """Raise if the row cannot be sent back: it could not be split and is unchanged, or its sequence would change."""
    row, changed = edit.row, edit.changed
    if not row.is_split and not changed:
        raise UnsplitRowError(dataset.name, str(row.ref))
    for name in dataset.sequence_by:
        if name in changed and not _is_in_doubt(row, name, dataset, suite):
            raise SequenceChangeError(dataset.name, str(row.ref), name)


def _is_in_doubt(row: QuarantinedRow, name: str, dataset: Dataset, suite: Suite) -> bool:
    """Whether the value of a column can be wrong itself: the row broke a rule about it, or could not be split."""
    rules = {rule.name for rule in suite.expectations if name in rule.columns}
    rules |= {*dataset.reading_rules[name]}
    return not row.is_split or bool(rules & set(row.broken_rules))


def send_back(lake: Lake, dataset: Dataset, edits: Sequence[Edit], change: ChangeKind, by: Signature) -> str:
    """Write one file with the edited rows, once, and record the request; returns the file's path below the raw folder.

    Raises RawNotThereError where ingest looks into another bucket. The record is written first: a record without a file
    has no effect, a file without a record could not be explained.
    """
    require_raw_of(lake, dataset)
    known = changes_of(lake, dataset)
    path = _path_of(dataset, edits, known)
    pending = pending_repairs(lake, dataset, known)
    for edit in edits:
        if pending.get(edit.row.ref, path) != path:
            raise RepairPendingError(dataset.name, str(edit.row.ref), pending[edit.row.ref])
    changes = [Change(path, edit.row.ref, change, by.who, by.why, tuple(edit.changed), path) for edit in edits]
    record_changes(lake, dataset, changes, known)
    write_whole(f"{lake.landing(dataset.domain)}/{path}", _content(dataset, edits))
    return path


def pending_repairs(lake: Lake, dataset: Dataset, changes: Sequence[Change]) -> dict[RowRef, str]:
    """The rows with a repair that was delivered and is not validated yet, and its file."""
    validated = {change.file for change in changes if change.change.is_outcome}
    sent = {c.ref: c.file for c in changes if not c.change.is_outcome and c.file and c.file not in validated}
    root = lake.landing(dataset.domain)
    delivered = {file for file in set(sent.values()) if exists(f"{root}/{file}")}
    return {ref: file for ref, file in sent.items() if file in delivered}


def discard(lake: Lake, dataset: Dataset, rows: Sequence[QuarantinedRow], by: Signature) -> None:
    """Discard rows: they never go to silver."""
    known = changes_of(lake, dataset)
    pending = pending_repairs(lake, dataset, known)
    for row in rows:
        if row.ref in pending:
            raise RepairPendingError(dataset.name, str(row.ref), pending[row.ref])
    request = "\n".join([dataset.name, by.who, by.why, *(str(row.ref) for row in rows)])
    change_id = f"discard/{hashlib.sha256(request.encode()).hexdigest()[:12]}"
    changes = [Change(change_id, row.ref, ChangeKind.DISCARD, by.who, by.why) for row in rows]
    record_changes(lake, dataset, changes, known)
    set_state(lake, dataset, [row.ref for row in rows], RowState.DISCARDED)


def set_state(lake: Lake, dataset: Dataset, refs: Sequence[RowRef], state: RowState) -> None:
    """Set the state of open rows, in one commit; rows that are no longer open do not change."""
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


def _update(table: DeltaTable, source: pa.Table, state: RowState) -> None:
    same = f't."{BATCH_ID}" = s."batch" AND t."{ROW_ID}" = s."row" AND t."{STATE}" = \'{RowState.OPEN}\''
    merge = table.merge(source, predicate=same, source_alias="s", target_alias="t")
    merge.when_matched_update({STATE: f"'{state}'"}).execute()


def _path_of(dataset: Dataset, edits: Sequence[Edit], known: Sequence[Change]) -> str:
    """Path of a repair; the attempt is part of it, so that the same content can be validated again after a failure."""
    refs = {edit.row.ref for edit in edits}
    failed = [change.ref for change in known if change.change is ChangeKind.FAILED_AGAIN and change.ref in refs]
    attempt = 1 + max((failed.count(ref) for ref in refs), default=0)
    digest = hashlib.sha256(_content(dataset, edits)).hexdigest()[:12]
    return f"{REPAIRS}/{digest}-{attempt}/{_file_name(dataset, edits)}"


def _file_name(dataset: Dataset, edits: Sequence[Edit]) -> str:
    """A name that matches the contract's filePattern: the name of the file that delivered a row, if it matches."""
    names = [edit.row.source_file.rsplit("/", 1)[-1] for edit in edits]
    plain = dataset.file_pattern.replace("*", "_repair").replace("?", "0")
    return next((name for name in names if dataset.matches(name)), plain)


def _content(dataset: Dataset, edits: Sequence[Edit]) -> bytes:
    if dataset.file_format.is_json:
        return "".join(f"{_line(dataset, edit)}\n" for edit in edits).encode()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    # Our own columns come last, because the reader removes a carriage return from the end of a line.
    writer.writerow([*dataset.column_names, RESCUED, REPAIR_OF])
    for edit in edits:
        values = {**edit.row.values, **edit.changed}
        writer.writerow([*(values[name] for name in dataset.column_names), edit.row.rescued, edit.row.ref])
    return text.getvalue().encode()


def _line(dataset: Dataset, edit: Edit) -> str:
    """The row as a line of JSON, whose numbers keep the digits that were delivered."""
    number = f"number {uuid.uuid4().hex} "
    text = json.dumps(_object(dataset, edit, number), ensure_ascii=False)
    return re.sub(f'"{number}([^"]*)"', r"\1", text)


def _object(dataset: Dataset, edit: Edit, number: str) -> dict[str, Any]:
    """The row as a JSON object: the delivered one, if it can be parsed, with the changed members replaced.

    number: what stands before the digits of a number with a fraction or an exponent, which is a text here.
    """
    delivered = _parsed(edit.row.raw_text, dict, number)
    texts = edit.changed if isinstance(delivered, dict) else {**edit.row.values, **edit.changed}
    members = _by_contract_names(delivered or {}, dataset)
    for column in dataset.columns:
        if column.name in texts:
            text = texts[column.name]
            nested = _nested(column, text, number)
            members[column.name] = text if nested is None else nested
    return {**members, RESCUED: edit.row.rescued, REPAIR_OF: str(edit.row.ref)}


def _by_contract_names(delivered: Mapping[str, Any], dataset: Dataset) -> dict[str, Any]:
    """The members of a delivered object that the contract has, in its order and under its names."""
    names = [(name, column.name) for column in dataset.columns for name in (column.name, column.delivered_name)]
    return {own: delivered[name] for name, own in names if name in delivered}


def _nested(column: Column, text: str | None, number: str) -> Any:
    """The value of a struct, an array or a map; None for any other column, and for a text that is none of it."""
    return _parsed(text, list if column.type == ARRAY else dict, number) if column.is_nested else None


def _parsed(text: str | None, kind: type, number: str) -> Any:
    """Parse a JSON object or list; None if the text is not one."""
    try:
        value = json.loads(text or "null", parse_float=lambda digits: f"{number}{digits}")
    except ValueError:
        return None
    return value if isinstance(value, kind) else None
