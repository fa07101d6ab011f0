"""How each mart stands: what it reads, what is pending, and what its last build did; by files and Delta logs alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.layers import MARTS
from lakehouse.errors import UnknownNameError
from lakehouse.lake.delta_log import newest_commits
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.mart_changes import Pending
from lakehouse.transform.marts import pending_marts


@dataclass(frozen=True)
class LastBuild:
    """A build as its commit says it. whole: why every row was recomputed; None where `keys` were."""

    at: datetime
    version: int
    whole: str | None
    keys: int
    seconds: float
    rows_changed: int


@dataclass(frozen=True)
class MartState:
    """A mart, what it has not taken yet, and its last build."""

    pending: Pending
    last: LastBuild | None

    @property
    def name(self) -> str:
        """The mart's name."""
        return self.pending.mart.name

    @property
    def waits_for(self) -> str:
        """What is pending, in words; empty where nothing is."""
        if self.pending.whole:
            return f"whole: {self.pending.whole}"
        return ", ".join(sorted(self.pending.changes))


def states_of(context: Context, name: str | None = None) -> list[MartState]:
    """The state of every mart, or of one; raises UnknownNameError."""
    marts = read_marts(context.project.dbt)
    if name is not None and name not in {mart.name for mart in marts}:
        raise UnknownNameError("mart", name, [mart.name for mart in marts])
    found = pending_marts(context, marts)
    return [MartState(one, _last(context.lake, one.mart.name)) for one in found if name in (None, one.mart.name)]


def _last(lake: Lake, name: str) -> LastBuild | None:
    for commit in newest_commits(lake.table(MARTS, name)):
        if said := (commit["lakehouse"] or {}).get("build"):
            at = datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
            changed = _rows_changed(commit.get("operationMetrics") or {})
            return LastBuild(at, commit["version"], said["whole"], said["keys"], said["seconds"], changed)
    return None


def _rows_changed(metrics: Mapping[str, Any]) -> int:
    """Delta's own count, of a MERGE or of a table that was replaced."""
    merged = [metrics.get(f"numTargetRows{kind}") for kind in ("Inserted", "Updated", "Deleted")]
    if any(count is not None for count in merged):
        return sum(int(count or 0) for count in merged)
    return int(metrics.get("numOutputRows") or 0)
