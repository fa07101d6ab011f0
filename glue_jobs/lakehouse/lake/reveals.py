"""Who had personal data shown by a query and when, `ops.reveals`: tables and columns, never a value. Append-only.

The text of the query is not kept: a condition may hold what it looks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa
from deltalake.exceptions import DeltaError

from lakehouse.errors import LakehouseError
from lakehouse.lake.delta_log import append_rows
from lakehouse.lake.paths import Lake
from lakehouse.privacy import without_values

_LEDGER = "reveals"

REVEALS = pa.schema(
    [
        ("table_name", pa.string()),
        ("columns", pa.list_(pa.string())),
        ("who", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


class RevealNotRecordedError(LakehouseError):
    """Personal data was asked for and ops.reveals cannot be written, so that nothing was shown."""

    def __init__(self, lake: Lake, reason: str) -> None:
        self.lake, self.reason = lake, reason
        super().__init__(
            f"Nothing was shown, because ops.{_LEDGER} in {lake.root} cannot be written ({reason}); "
            "run it with the right to write there, or without --reveal."
        )


def record_reveal(lake: Lake, tables: Mapping[str, Sequence[str]], who: str) -> None:
    """Record the columns of personal data, by table, that a query may show; raises RevealNotRecordedError."""
    now = datetime.now(UTC)
    rows = [
        {"table_name": name, "columns": sorted(columns), "who": who, "recorded_at": now}
        for name, columns in sorted(tables.items())
    ]
    try:
        append_rows(lake.ops(_LEDGER), rows, REVEALS)
    except (OSError, DeltaError) as error:
        raise RevealNotRecordedError(lake, without_values(error)) from None
