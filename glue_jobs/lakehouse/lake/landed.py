"""Which raw files of a domain ingest has dealt with, as a JSON file: Airflow's workers have no reader of Delta."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from lakehouse.lake.files import StoredFile, exists, read_text, write_text
from lakehouse.lake.paths import Lake

Columns = Mapping[str, Collection[str]]
"""The columns that files of a dataset have named, by dataset."""


def record_landed(lake: Lake, domain: str, files: Iterable[StoredFile], columns: Columns) -> None:
    """Keep these files as all that are known, where that is news; those that raw no longer has are forgotten.

    Columns are added to those that are known, with the time of the last addition.
    """
    path = lake.landed(domain)
    before = json.loads(read_text(path)) if exists(path) else {}
    after = _with_columns(before, columns) | {"files": {file.path: file.version for file in sorted(files)}}
    if after != before:
        write_text(path, json.dumps(after, indent=0), "application/json")


def landed_in(text: str) -> dict[str, str]:
    """The known files of a text that `record_landed` wrote: their version by their path."""
    return dict(json.loads(text)["files"])


def last_new_column(text: str) -> datetime | None:
    """When a file last had a column that no file of its dataset had before; None where no column is known."""
    since = json.loads(text).get("columns_since")
    return datetime.fromisoformat(since) if since else None


def _with_columns(before: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    known = before.get("columns", {})
    found = {name: sorted({*known.get(name, ()), *columns.get(name, ())}) for name in sorted({*known, *columns})}
    if found == known:
        return dict(before)
    return {**before, "columns": found, "columns_since": datetime.now(UTC).isoformat()}
