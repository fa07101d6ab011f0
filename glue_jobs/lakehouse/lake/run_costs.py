"""Sums over `ops.runs` and `ops.steps`, computed by delta-rs' engine: what is read does not grow with what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deltalake import DeltaTable

from lakehouse.lake.delta_log import open_table, select
from lakehouse.lake.paths import Lake
from lakehouse.lake.runs import DONE, NOTHING_NEW, instant

ENTRY = ("attempt_id", "job", "step", "table_name")
"""What an entry of `ops.steps` is about; one that was written twice counts once."""


@dataclass(frozen=True)
class Cost:
    """What runs cost by the values that they were grouped by; a table of None stands for none in particular."""

    group: tuple[str | None, ...]
    runs: int
    seconds: float
    dpu_seconds: float
    cost_usd: float
    last: datetime


def costs_since(lake: Lake, since: datetime, by: Sequence[str], until: datetime | None = None) -> list[Cost]:
    """The costs of the steps that ended between two moments, added up, the largest first."""
    return costs_in(open_table(lake.ops("steps")), since, by, until)


def costs_in(steps: DeltaTable | None, since: datetime, by: Sequence[str], until: datetime | None = None) -> list[Cost]:
    """As `costs_since`, of an opened `ops.steps`; an entry that was written twice counts once."""
    if steps is None:
        return []
    when = f"recorded_at >= {instant(since)}" + ("" if until is None else f" AND recorded_at < {instant(until)}")
    sums = "sum(seconds) AS seconds, sum(dpu_seconds) AS dpu_seconds, sum(cost_usd) AS cost_usd"
    columns = ", ".join(by)
    rows = select(
        steps,
        f"SELECT {columns}, count(DISTINCT attempt_id) AS runs, {sums}, max(recorded_at) AS last "
        f"FROM ({_once(when)}) GROUP BY {columns}",
    )
    names = ("runs", "seconds", "dpu_seconds", "cost_usd", "last")
    found = [Cost(tuple(row[name] for name in by), *(row[name] for name in names)) for row in rows]
    return sorted(found, key=lambda cost: (-cost.cost_usd, -cost.seconds, *(name or "" for name in cost.group)))


def _once(when: str) -> str:
    """The entries under a condition, each once."""
    columns = ("domain", "run_id", "seconds", "dpu_seconds", "cost_usd", "recorded_at")
    entry, newest = ", ".join(ENTRY), ", ".join(f"max({name}) AS {name}" for name in columns)
    return f"SELECT {entry}, {newest} FROM t WHERE {when} GROUP BY {entry}"


def domain_costs(steps: DeltaTable | None, day: datetime, month: datetime) -> dict[str, tuple[float, float]]:
    """What the steps of each domain cost since two moments, both in one reading."""
    if steps is None:
        return {}
    once = _once(f"recorded_at >= {instant(min(day, month))}")
    sums = ", ".join(
        f"sum(CASE WHEN recorded_at >= {instant(since)} THEN cost_usd ELSE 0 END) AS {name}"
        for name, since in (("day", day), ("month", month))
    )
    rows = select(steps, f"SELECT domain, {sums} FROM ({once}) GROUP BY domain")
    return {row["domain"]: (row["day"], row["month"]) for row in rows}


def daily_costs(steps: DeltaTable | None, since: datetime) -> tuple[tuple[str, str, float], ...]:
    """Day, domain and what its steps cost on it, in this order."""
    if steps is None:
        return ()
    day = "CAST(date_trunc('day', recorded_at) AS DATE) AS day"
    once = _once(f"recorded_at >= {instant(since)}")
    rows = select(steps, f"SELECT {day}, domain, sum(cost_usd) AS cost FROM ({once}) GROUP BY 1, 2 ORDER BY 1, 2")
    return tuple((str(row["day"]), row["domain"], row["cost"]) for row in rows)


def dearest_runs(steps: DeltaTable | None, since: datetime) -> dict[str, float]:
    """What the dearest run of each domain cost since a moment."""
    found: dict[str, float] = {}
    for cost in costs_in(steps, since, ("domain", "attempt_id")):
        found[str(cost.group[0])] = max(cost.cost_usd, found.get(str(cost.group[0]), 0.0))
    return found


def done_times(steps: DeltaTable | None, step: str, since: datetime) -> dict[str, list[datetime]]:
    """When a step ended well after a moment, by domain, oldest first."""
    if steps is None:
        return {}
    well = f"step = '{step}' AND table_name IS NULL AND state IN ('{DONE}', '{NOTHING_NEW}')"
    sql = f"SELECT domain, recorded_at FROM t WHERE {well} AND recorded_at >= {instant(since)} ORDER BY recorded_at"
    found: dict[str, list[datetime]] = {}
    for row in select(steps, sql):
        found.setdefault(row["domain"], []).append(row["recorded_at"])
    return found
