"""Gives up what a table was: its earlier versions, the files that only these have, and what their log says of values.

The log keeps bounds of columns for each file that it ever named, so commits and checkpoints go too. What is left is
one checkpoint of the present version and the commits after it; what the table has recorded (`txn`) is in the
checkpoint. Each step can be repeated, and a reader of the present version finds all its files at any moment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deltalake import CommitProperties

from lakehouse.contracts.layout import RETENTION_DAYS
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.every_file import FileVersion, files_below, remove_all
from lakehouse.lake.table_files import table_files

BEGINS = "lakehouse.historyBegins"
"""The table property that says by which request and from which version on the table has its history."""
_RETENTION = "delta.deletedFileRetentionDuration"
_LOG = "_delta_log"
_NONE, _DEFAULT = "interval 0 seconds", f"interval {RETENTION_DAYS} days"
_VECTORS = "deletion_vector_"
_VERSIONED = re.compile(r"\.?(\d{20})\..*")
_COMPACTED = re.compile(r"\.?\d{20}\.(\d{20})\.compacted\.json.*")


@dataclass(frozen=True)
class Purged:
    """What was given up of a table: every version before `begins`, and so many files."""

    begins: int
    files: int


def purge_history(path: str, now: str, metadata: Mapping[str, Any] | None = None) -> Purged:
    """Give up every version of a table before its present one.

    now: the name of the request, by which a repeated call knows its own commit. metadata: what the new commit says,
    where a reader looks for the newest that says something.
    """
    begins = _begin(path, now, metadata)
    kept = {file.path for file in table_files(existing_table(path))}
    data = (file for file in _data_files(path) if file.path not in kept and not _is_vector(file))
    gone = remove_all(data) + remove_all(file for file in _log_files(path) if _is_older(file.path, begins))
    return Purged(begins, gone)


def _begin(path: str, now: str, metadata: Mapping[str, Any] | None) -> int:
    """The version of a commit that names no file, and of its checkpoint, which names no file that was removed.

    A checkpoint keeps what was removed, with its bounds, for as long as the table's retention says: for none, until the
    commit after it.
    """
    said = None if metadata is None else {"userMetadata": json.dumps(metadata)}

    def begin() -> None:
        table = existing_table(path)
        own = {_RETENTION: _NONE, BEGINS: f"{now}/{table.version() + 1}"}
        properties = CommitProperties(custom_metadata=said)
        table.alter.set_table_properties(own, raise_if_not_exists=False, commit_properties=properties)

    def end() -> None:
        own = {_RETENTION: _DEFAULT if kept == _NONE else kept}
        existing_table(path).alter.set_table_properties(own, raise_if_not_exists=False)

    table = existing_table(path)
    about, version = table.metadata().configuration, table.version()
    kept = about.get(_RETENTION, _DEFAULT)
    if kept != _NONE and about.get(BEGINS) == f"{now}/{version - 1}":
        return version - 1
    if about.get(BEGINS) != f"{now}/{version}":
        when_free(path, begin)
    existing_table(path).create_checkpoint()
    begins = existing_table(path).version()
    when_free(path, end)
    return begins


def _is_older(name: str, begins: int) -> bool:
    match = _COMPACTED.fullmatch(name) or _VERSIONED.fullmatch(name)
    return match is not None and int(match[1]) < begins


def _is_vector(file: FileVersion) -> bool:
    """Whether it says which rows of a file are deleted, by number: no value is in it."""
    return file.path.rpartition("/")[2].startswith(_VECTORS)


def _data_files(path: str) -> Iterator[FileVersion]:
    """Every file of a table's folder that is not of its log."""
    return (file for file in files_below(path) if not file.path.startswith(f"{_LOG}/"))


def _log_files(path: str) -> Iterator[FileVersion]:
    """The files of a table's log, by their own names."""
    return (file for file in files_below(f"{path}/{_LOG}") if "/" not in file.path)
