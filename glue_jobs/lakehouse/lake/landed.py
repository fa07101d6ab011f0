"""Which raw files of a domain ingest has dealt with, as a JSON file: Airflow's workers have no reader of Delta."""

from __future__ import annotations

import json
from collections.abc import Iterable

from lakehouse.lake.files import StoredFile, exists, read_text, write_text
from lakehouse.lake.paths import Lake


def record_landed(lake: Lake, domain: str, files: Iterable[StoredFile]) -> None:
    """Keep these files as all that are known, where that is news; those that raw no longer has are forgotten."""
    path = lake.landed(domain)
    text = json.dumps({"files": {file.path: file.version for file in sorted(files)}}, indent=0)
    if not exists(path) or read_text(path) != text:
        write_text(path, text, "application/json")


def landed_in(text: str) -> dict[str, str]:
    """The known files of a text that `record_landed` wrote: their version by their path."""
    return dict(json.loads(text)["files"])
