"""The results of each rule by batch, in `ops.quality_results`."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.paths import Lake

QUALITY_RESULTS = pa.schema(
    [
        ("domain", pa.string()),
        ("dataset", pa.string()),
        ("batch_id", pa.int64()),
        ("rule", pa.string()),
        ("sentence", pa.string()),
        ("on_failure", pa.string()),
        ("rows_seen", pa.int64()),
        ("rows_failed", pa.int64()),
        ("success", pa.bool_()),
        ("status", pa.string()),
        ("seconds", pa.float64()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


def quality_of(lake: Lake, dataset: Dataset, batch_id: int) -> list[dict[str, Any]]:
    """What every rule found in a batch."""
    return read_rows(lake.ops("quality_results"), dataset=dataset.name, batch_id=batch_id)
