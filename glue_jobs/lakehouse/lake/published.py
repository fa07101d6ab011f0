"""The records of published versions, pinned versions and rollbacks: `ops.published`, `ops.pins`, `ops.rollbacks`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse import log
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import Commit, append_once, read_rows, recorded
from lakehouse.lake.paths import Lake
from lakehouse.lake.table_files import totals_of


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
ROLLBACKS = _schema(
    ("from_version", pa.int64()),
    ("to_version", pa.int64()),
    ("version", pa.int64()),
    ("who", pa.string()),
    ("why", pa.string()),
)
_SCHEMAS = {"published": PUBLISHED, "pins": PINS, "rollbacks": ROLLBACKS}


@dataclass(frozen=True)
class Pin:
    """A version of a table that was copied to a table of its own, in the layer `pinned`."""

    layer: str
    table_name: str
    version: int
    pinned_as: str
    changed_at: datetime


def changed_at(table: DeltaTable) -> datetime:
    """When the newest commit of a table was made."""
    return datetime.fromtimestamp(int(table.history(limit=1)[0]["timestamp"]) / 1000, UTC)


def last_recorded(lake: Lake, layer: str, name: str) -> int:
    """The last version of a table that was published, -1 before the first."""
    return recorded(lake.ops("published"), f"publish:{layer}.{name}") - 1


def is_recorded(lake: Lake, layer: str, name: str, version: int) -> bool:
    """Whether this version of a table, or a later one, was published before."""
    return last_recorded(lake, layer, name) >= version


def record_published(lake: Lake, layer: str, name: str, table: DeltaTable) -> None:
    """Record that a version of a table was published, once."""
    totals = totals_of(table)
    row = {
        "version": table.version(),
        "row_count": totals.rows,
        "file_count": totals.files,
        "bytes": totals.bytes,
        "changed_at": changed_at(table),
    }
    commit = Commit(f"publish:{layer}.{name}", table.version() + 1)
    _record(lake, "published", _about(layer, name) | row, commit)


def record_pin(lake: Lake, pin: Pin) -> None:
    """Record a pin, once; only a recorded pin is a table of the lake."""
    row = {"version": pin.version, "pinned_as": pin.pinned_as, "changed_at": pin.changed_at}
    _record(lake, "pins", _about(pin.layer, pin.table_name) | row, Commit(f"pin:{pin.pinned_as}", 1))


def pins_of(lake: Lake) -> list[Pin]:
    """All pins, sorted by the name of the pinned table."""
    rows = read_rows(lake.ops("pins"))
    pins = [Pin(**{field: row[field] for field in Pin.__dataclass_fields__}) for row in rows]
    return sorted(pins, key=lambda pin: pin.pinned_as)


def record_rollback(lake: Lake, layer: str, name: str, versions: tuple[int, int], version: int, by: Signature) -> None:
    """Record that a table was rolled back, once per version that the rollback created. versions: from and to."""
    row = {"from_version": versions[0], "to_version": versions[1], "version": version, "who": by.who, "why": by.why}
    _record(lake, "rollbacks", _about(layer, name) | row, Commit(f"rollback:{layer}.{name}", version))


def _about(layer: str, name: str) -> dict[str, object]:
    return {"layer": layer, "table_name": name, "run_id": log.current("run"), "recorded_at": _now()}


def _now() -> datetime:
    """The time in whole milliseconds: Athena rounds to them, and would name the next second in the last one of each."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _record(lake: Lake, table: str, row: Mapping[str, object], commit: Commit) -> None:
    append_once(lake.ops(table), [dict(row)], _SCHEMAS[table], commit)
