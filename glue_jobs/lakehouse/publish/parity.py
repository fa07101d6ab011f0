"""What a table must pass before it is published: Athena supports its features, a second reader counts its rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakehouse.errors import LakehouseError
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.footers import difference
from lakehouse.lake.log_files import read_protocol

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

READABLE_FEATURES = frozenset({"deletionVectors", "columnMapping", "timestampNtz"})
"""The Delta reader features that Athena reads; any other, known or to come, is refused by its name."""

_CURES = {
    "v2Checkpoint": "Set delta.checkpointPolicy to classic, then ",
    "typeWidening": "Set delta.enableTypeWidening to false, then ",
    "variantType": "Write the column as text to a new table; or, once no column is a variant, ",
    "catalogManaged": "Copy the table to one whose commits are in its own folder; or ",
}


class ParityError(LakehouseError):
    """A reader sees another table than its Delta log describes; the last published version stays."""

    def __init__(self, table: str, problem: str) -> None:
        self.table, self.problem = table, problem
        super().__init__(
            f"{table}: {problem}. It was not published. Check for data files that were deleted or changed by "
            f"hand, or restore an earlier version."
        )


class UnreadableFeatureError(LakehouseError):
    """A table uses a Delta feature that Athena does not read; the last published version stays."""

    def __init__(self, table: str, feature: str, path: str) -> None:
        self.table, self.feature = table, feature
        known = next((cure for name, cure in _CURES.items() if feature.startswith(name)), "")
        drop = f"ALTER TABLE delta.`{path}` DROP FEATURE {feature} TRUNCATE HISTORY"
        super().__init__(
            f"{table}: uses the Delta feature {feature}, which Athena does not read. It was not published. "
            f"{known}{'run' if known else 'Run'}: {drop}"
        )


def open_readable(name: str, path: str) -> DeltaTable | None:
    """Open a table to be published, None where there is none; raises UnreadableFeatureError by the feature's name."""
    try:
        table = open_table(path)
    except DeltaError:  # delta-rs does not open unknown features either; the log names them
        _require_features(name, path, read_protocol(path))
        raise
    if table is not None:
        protocol = table.protocol()
        _require_features(name, path, (protocol.min_reader_version, protocol.reader_features or []))
    return table


def _require_features(name: str, path: str, protocol: tuple[int, list[str]]) -> None:
    reader, features = protocol
    for feature in sorted(set(features) - READABLE_FEATURES):
        raise UnreadableFeatureError(name, feature, path)
    if reader > 3:
        raise UnreadableFeatureError(name, f"reader version {reader}", path)


def require_parity(
    name: str, table: DeltaTable, spark: Callable[[], SparkSession] | None = None, since: int = -1
) -> None:
    """Raise ParityError unless a reader that is not Delta's finds in the files what the log says of them.

    since: the version that passed before; only files that were added later are opened. spark: for many of them.
    """
    problem = difference(table, spark, since)
    if problem is not None:
        raise ParityError(name, problem)


def require_same_schema(name: str, table: DeltaTable, entry: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Raise ParityError unless the catalogue gives the columns back as the log has them."""
    differences = list(_differences(entry["StorageDescriptor"]["Columns"], wanted["StorageDescriptor"]["Columns"]))
    if differences:
        raise ParityError(name, f"the catalogue has other columns than version {table.version()}: {differences[0]}")


def _differences(present: list[dict[str, str]], wanted: list[dict[str, str]]) -> Iterator[str]:
    pairs = {c["Name"].lower(): c["Type"] for c in present}, {c["Name"].lower(): c["Type"] for c in wanted}
    for name in sorted(pairs[0].keys() | pairs[1].keys()):
        if pairs[0].get(name) != pairs[1].get(name):
            yield f"{name} is {json.dumps(pairs[0].get(name))}, wanted {json.dumps(pairs[1].get(name))}"
