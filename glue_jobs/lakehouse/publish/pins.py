"""Pins a version of a table: copies it to a table of its own, because Athena has no time travel.

The copy is byte by byte: the data files of that version and the log up to it. A table that only referred to the files
of another would break when maintenance removes them.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from deltalake import DeltaTable

from lakehouse import log
from lakehouse.contracts.layers import PINNED
from lakehouse.errors import LakehouseError
from lakehouse.lake.delta_log import open_table, storage_options
from lakehouse.lake.files import list_files, split_s3
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import Pin, changed_at, pins_of, record_pin
from lakehouse.lake.table_files import table_files
from lakehouse.privacy import without_values
from lakehouse.publish.parity import open_readable, require_parity

_LOG_FILE = re.compile(r"^(\d{20})\.(json|checkpoint.*\.parquet)$")


class VersionError(LakehouseError):
    """The table cannot be read as of this version or time."""

    def __init__(self, table: str, wanted: str, reason: str) -> None:
        self.table, self.wanted, self.reason = table, wanted, reason
        super().__init__(
            f"{table}: cannot be read as of {wanted}: {reason}. `lakehouse history {table}` lists what can."
        )


def pin_table(lake: Lake, layer: str, name: str, as_of: str) -> Pin:
    """Copy a table as of a version or a time; a pin that exists already is returned as it is."""
    table = open_as_of(lake, layer, name, as_of)
    as_name = f"{name}_v{table.version()}"
    pins = {pin.pinned_as: pin for pin in pins_of(lake)}
    if as_name in pins:
        return pins[as_name]
    source, target = lake.table(layer, name), lake.table(PINNED, as_name)
    _copy(source, target, [*_data_files(table), *_log_files(source, table.version())])
    copied = open_readable(f"pinned.{as_name}", target)
    assert copied is not None  # copied a moment ago
    require_parity(f"pinned.{as_name}", copied)
    pin = Pin(layer, name, table.version(), as_name, changed_at(table))
    record_pin(lake, pin)
    log.info("pinned", table=f"{layer}.{name}", version=pin.version, pinned_as=f"pinned.{as_name}")
    return pin


def open_as_of(lake: Lake, layer: str, name: str, as_of: str) -> DeltaTable:
    """Open a table as of a version (a number) or a time (ISO 8601, by default UTC); raises VersionError."""
    label = f"{layer}.{name}"
    table = open_table(lake.table(layer, name))
    if table is None:
        raise VersionError(label, as_of, "there is no such table")
    try:
        table.load_as_version(int(as_of) if as_of.isdecimal() else _moment(label, as_of))
        table.file_uris()
    except LakehouseError:
        raise
    except Exception as error:  # delta-rs raises what its log reader raised, of no common kind
        raise VersionError(label, as_of, f"its log has no such version ({without_values(error)})") from None
    return table


def _moment(label: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise VersionError(label, text, "wanted a version such as 12, or a time such as 2026-10-12T06:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _data_files(table: DeltaTable) -> list[str]:
    """The data files of a version by their paths below the table's root, deletion vectors included."""
    files = [file.path for file in table_files(table)]
    if "deletionVectors" in (table.protocol().reader_features or []):
        files += [
            file.path
            for file in list_files(table.table_uri.removeprefix("file://").rstrip("/"))
            if file.name.startswith("deletion_vector_")
        ]
    return files


def _log_files(source: str, version: int) -> list[str]:
    """The log up to a version."""
    files = [(file.name, _LOG_FILE.match(file.name)) for file in list_files(f"{source}/_delta_log")]
    return [f"_delta_log/{name}" for name, match in files if match and int(match[1]) <= version]


def _copy(source: str, target: str, files: Iterable[str]) -> None:
    """Copy files; a pin exists only once it is recorded, so a copy that was interrupted is made again."""
    if storage_options(source) is None:
        for file in files:
            _copy_on_disk(Path(source, file), Path(target, file))
        return
    import boto3

    client = boto3.client("s3")
    (bucket, prefix), (to_bucket, to_prefix) = split_s3(source), split_s3(target)
    for file in files:
        client.copy({"Bucket": bucket, "Key": f"{prefix}/{file}"}, to_bucket, f"{to_prefix}/{file}")


def _copy_on_disk(source: Path, target: Path) -> None:
    """Link the file: files of a Delta table never change, so a second name for one is a copy that takes no space."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
