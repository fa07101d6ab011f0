"""A Delta log as files: what is asked of the log itself and not of the table, and without reading all of it.

Delta deletes commits that are older than the log's retention once a checkpoint holds what they said. So whatever is
looked for lies in the commits that are there, or in the newest checkpoint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.lake.files import StoredFile, list_files, read_chunks, read_head, read_text

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\..*(parquet|json)")
_CHUNK = 16 << 20
MOST_COMMITS = 1000
"""Of more commits than these it is not asked what each added."""


@dataclass(frozen=True)
class AddedFile:
    """A data file as the log names it: its path below the table, its size and its rows, deleted ones included."""

    path: str
    bytes: int
    rows: int

    @property
    def name(self) -> str:
        """The file's own name, which no other file of the table has."""
        return self.path.rsplit("/", 1)[-1]


def read_protocol(path: str) -> tuple[int, list[str]]:
    """Reader version and reader features from the files of the log, also of tables that delta-rs cannot open."""
    for protocol in _protocols(f"{path}/_delta_log"):
        return int(protocol["minReaderVersion"]), list(protocol.get("readerFeatures") or [])
    return 1, []


def begins_at(path: str) -> tuple[int, int] | None:
    """Version and time (ms since 1970) of the oldest commit that is still in the log; None where there is none."""
    folder = f"{path}/_delta_log"
    oldest = next(iter(_named(list_files(folder), _COMMIT)), None)
    if oldest is None:
        return None
    said = (action.get("commitInfo") or {} for action in _actions(folder, oldest[1]))
    return oldest[0], next((int(info["timestamp"]) for info in said if "timestamp" in info), 0)


def added_since(path: str, version: int, until: int) -> list[AddedFile] | None:
    """The files that the commits after a version added and none removed; None where they are too many, or gone."""
    if until - version > MOST_COMMITS:
        return None
    files: dict[str, AddedFile] = {}
    for number in range(version + 1, until + 1):
        actions = commit_actions(path, number)
        if actions is None:
            return None
        for action in actions:
            if add := action.get("add"):
                rows = json.loads(add.get("stats") or "{}").get("numRecords", 0)
                files[add["path"]] = AddedFile(unquote(add["path"]), add["size"], rows)
            if remove := action.get("remove"):
                files.pop(remove["path"], None)
    return list(files.values())


def commit_actions(path: str, version: int) -> list[dict[str, Any]] | None:
    """The actions of a commit; None where the log no longer has it."""
    commit = _read(f"{path}/_delta_log/{version:020}.json")
    return None if commit is None else [json.loads(line) for line in commit.splitlines() if line]


def _read(path: str) -> str | None:
    try:
        return read_text(path)
    except FileNotFoundError:
        return None
    except Exception as error:
        if getattr(error, "response", {}).get("Error", {}).get("Code") in ("NoSuchKey", "404"):
            return None
        raise


def _protocols(folder: str) -> Iterator[dict[str, Any]]:
    """What the log says of its protocol, newest first: commits after the newest checkpoint, then the checkpoint."""
    files = list_files(folder)
    commits, checkpoints = _named(files, _COMMIT), _named(files, _CHECKPOINT)
    newest = max((version for version, _ in checkpoints), default=-1)
    later = [file for version, file in reversed(commits) if version > newest]
    for file in [*later, *(file for version, file in checkpoints if version == newest)]:
        found = (action.get("protocol") for action in _actions(folder, file))
        yield from (protocol for protocol in found if protocol)


def _named(files: list[StoredFile], pattern: re.Pattern[str]) -> list[tuple[int, StoredFile]]:
    """The files whose names match, with the version in their name, oldest first."""
    matches = [(pattern.fullmatch(file.name), file) for file in files]
    return sorted((int(match[1]), file) for match, file in matches if match)


def _actions(folder: str, file: StoredFile) -> Iterator[dict[str, Any]]:
    """The actions of a commit; of a checkpoint in Parquet, only those that say the protocol."""
    if not file.name.endswith(".parquet"):
        yield from map(json.loads, read_head(folder, file, file.size).decode("utf-8").splitlines())
        return
    whole = pq.ParquetFile(pa.BufferReader(b"".join(read_chunks(folder, file, _CHUNK))))
    for batch in whole.iter_batches(columns=["protocol"]):
        yield from batch.filter(batch.column("protocol").is_valid()).to_pylist()
