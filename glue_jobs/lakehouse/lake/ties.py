"""The log of ties, `ops.ties`: keys that were delivered with several contents and one sequence, by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import Commit, append_once
from lakehouse.lake.paths import Lake

TIES = pa.schema(
    [
        ("domain", pa.string()),
        ("dataset", pa.string()),
        ("batch_id", pa.int64()),
        ("key", pa.string()),
        ("sequence", pa.string()),
        ("corrected", pa.bool_()),
        ("quarantined", pa.bool_()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


@dataclass(frozen=True)
class Tie:
    """A key with several contents at one time, and what that led to: silver was corrected, or rows quarantined.

    key: as JSON, masked where personal.
    """

    key: str
    sequence: str
    corrected: bool = False
    quarantined: bool = False


def record_ties(
    lake: Lake, dataset: Dataset, batch_id: int, number: int, ties: Sequence[Tie], app_id: str = "ties"
) -> None:
    """List the ties of a batch, once per number: its position in the merge order, or the app_id's own."""
    common = {
        "domain": dataset.domain,
        "dataset": dataset.name,
        "batch_id": batch_id,
        "run_id": log.current("run"),
        "recorded_at": datetime.now(UTC),
    }
    rows = [{**common, **vars(tie)} for tie in ties]
    append_once(lake.ops("ties"), rows, TIES, Commit(f"{app_id}:{dataset.name}", number))
