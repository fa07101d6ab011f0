"""The ledgers of what analysts were shown: published versions, pinned ones, and tables taken back. In the ops layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse import log
from lakehouse.lake.delta_log import append_once, progress, promised_rows, read_rows
from lakehouse.lake.paths import Lake


def _schema(*own: tuple[str, pa.DataType]) -> pa.Schema:
    about = [("layer", pa.string()), ("table_name", pa.string())]
    return pa.schema([*about, *own, ("run_id", pa.string()), ("recorded_at", pa.timestamp("us", "UTC"))])


PUBLISHED = _schema(
    ("version", pa.int64()),
    ("row_count", pa.int64()),
    ("file_count", pa.int64()),
    ("bytes", pa.int64()),
    ("changed_at", pa.timestamp("us", "UTC")),
)
PINS = _schema(("version", pa.int64()), ("pinned_as", pa.string()), ("changed_at", pa.timestamp("us", "UTC")))
ROLLBACKS = _schema(("from_version", pa.int64()), ("to_version", pa.int64()), ("version", pa.int64()))


@dataclass(frozen=True)
class Pin:
    """A version of a table that is kept as a table of its own, in the layer `pinned`."""

    layer: str
    table_name: str
    version: int
    pinned_as: str
    changed_at: datetime


def changed_at(table: DeltaTable) -> datetime:
    """When the newest commit of a table was made."""
    return datetime.fromtimestamp(int(table.history(limit=1)[0]["timestamp"]) / 1000, UTC)


def is_recorded(lake: Lake, layer: str, name: str, version: int) -> bool:
    """Whether this version of a table, or a later one, was published before."""
    return progress(lake.ops("published"), f"publish:{layer}.{name}") > version


def record_published(lake: Lake, layer: str, name: str, table: DeltaTable) -> None:
    """Record that a version of a table was shown, once."""
    sizes = table.get_add_actions(flatten=True).column("size_bytes").to_pylist()
    row = {
        "version": table.version(),
        "row_count": promised_rows(table),
        "file_count": len(sizes),
        "bytes": sum(int(size) for size in sizes),
        "changed_at": changed_at(table),
    }
    _record(lake, "published", PUBLISHED, layer, name, row, f"publish:{layer}.{name}", table.version() + 1)


def record_pin(lake: Lake, pin: Pin) -> None:
    """Record a pin, once; from here on it is a table of the lake."""
    row = {"version": pin.version, "pinned_as": pin.pinned_as, "changed_at": pin.changed_at}
    _record(lake, "pins", PINS, pin.layer, pin.table_name, row, f"pin:{pin.pinned_as}", 1)


def pins_of(lake: Lake) -> list[Pin]:
    """All pins, sorted by the name under which they stand."""
    rows = read_rows(lake.ops("pins"))
    found = [Pin(**{field: row[field] for field in Pin.__dataclass_fields__}) for row in rows]
    return sorted(found, key=lambda pin: pin.pinned_as)


def record_rollback(lake: Lake, layer: str, name: str, from_version: int, to_version: int, version: int) -> None:
    """Record that a table was taken back, once per version that this made."""
    row = {"from_version": from_version, "to_version": to_version, "version": version}
    _record(lake, "rollbacks", ROLLBACKS, layer, name, row, f"rollback:{layer}.{name}", version)


def _record(
    lake: Lake, ledger: str, schema: pa.Schema, layer: str, name: str, row: Mapping[str, object], app: str, version: int
) -> None:
    about = {"layer": layer, "table_name": name, "run_id": log.current("run"), "recorded_at": datetime.now(UTC)}
    append_once(lake.ops(ledger), [{**about, **row}], schema, app, version)
