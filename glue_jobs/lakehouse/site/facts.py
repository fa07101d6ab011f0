"""What the site shows, read from ledgers and Delta logs: of each the last runs and batches, so that no page grows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.findings import Commands
from lakehouse.contracts.mart_deadlines import MartPromise
from lakehouse.cycle.status import LakeStatus, status_in
from lakehouse.cycle.status_tables import LEDGERS, Opened
from lakehouse.lake.paths import Lake
from lakehouse.lake.run_costs import ENTRY, Cost, costs_in, daily_costs, done_times
from lakehouse.lake.runs import RunRecord, instant, runs_of, this_process

RUNS, BATCHES = 50, 30
"""So many runs, and of each dataset so many batches, are shown."""
SINCE = timedelta(days=90)
"""What is older is not looked at."""
COST_DAYS = timedelta(days=30)

_RANKED = "SELECT *, dense_rank() OVER (PARTITION BY dataset ORDER BY batch_id DESC) AS place FROM t"
_LAST_BATCHES = f"SELECT * FROM ({_RANKED}) WHERE place <= {BATCHES}"
"""The rows of a ledger about the last batches of each dataset."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class SiteFacts:
    """A lake at a moment. runs: newest first. Rows of ledgers: by run, or by dataset in the order of their batches.

    published: the last versions of each table, oldest first. done: when each domain's publish ended well.
    costs: of the last 30 days, by day and domain, and by domain and table.
    """

    at: datetime
    lake: str
    status: LakeStatus
    opened: Opened
    runs: tuple[RunRecord, ...]
    steps: Mapping[str, Rows]
    batches: Mapping[str, Rows]
    results: Mapping[str, Mapping[int, dict[str, Any]]]
    quality: Mapping[str, Rows]
    ties: Mapping[str, Mapping[int, dict[str, Any]]]
    published: Mapping[str, Rows]
    done: Mapping[str, list[datetime]]
    daily: tuple[tuple[str, str, float], ...]
    by_table: tuple[Cost, ...]


def facts_of_lake(
    lake: Lake,
    contracts: Contracts,
    commands: Commands,
    now: datetime,
    promises: Sequence[MartPromise] = (),
    has_raw: bool = True,
) -> SiteFacts:
    """Read all that the site shows; each table is opened once. has_raw: whether the raw layer may be listed."""
    opened = Opened(lake, contracts.datasets, (*LEDGERS, "quality_results"))
    runs = _last_runs(opened, now)
    begin = min((run.started_at for run in runs), default=now)
    steps = opened.table(lake.ops("steps"))
    return SiteFacts(
        at=now,
        lake=commands.lake,
        status=status_in(opened, contracts, commands, now, promises, has_raw),
        opened=opened,
        runs=runs,
        steps=_grouped(_steps(opened, begin, {run.attempt_id for run in runs}), "attempt_id"),
        batches=_grouped(_newest(opened, "batches"), "dataset"),
        results=_by_batch(_newest(opened, "validation_results")),
        quality=_grouped(_newest(opened, "quality_results"), "dataset"),
        ties=_by_batch(_ties(opened)),
        published=_published(opened),
        done=done_times(steps, "publish", now - SINCE),
        daily=daily_costs(steps, now - COST_DAYS),
        by_table=tuple(costs_in(steps, now - COST_DAYS, ("domain", "table_name"))),
    )


def _last_runs(opened: Opened, now: datetime) -> tuple[RunRecord, ...]:
    """Twice the number of rows are read: a run enters its begin and its end."""
    newest = f"SELECT * FROM t WHERE started_at >= {instant(now - SINCE)} ORDER BY started_at DESC LIMIT {2 * RUNS + 2}"
    return tuple(reversed(runs_of(opened.rows("runs", newest), now, this_process())))[:RUNS]


def _steps(opened: Opened, begin: datetime, shown: set[str]) -> Rows:
    """What the shown runs did, each entry once."""
    rows = opened.rows("steps", f"SELECT * FROM t WHERE recorded_at >= {instant(begin)} ORDER BY recorded_at")
    once = {tuple(row[name] for name in ENTRY): row for row in rows}
    return [row for row in once.values() if row["attempt_id"] in shown]


def _newest(opened: Opened, ledger: str) -> Rows:
    """The rows of a ledger about the last batches of each dataset, in the order in which they were entered."""
    return opened.rows(ledger, f"{_LAST_BATCHES} ORDER BY batch_id, recorded_at")


def _ties(opened: Opened) -> Rows:
    """The ties of the last batches that had any, counted."""
    counts = "count(*) AS keys, sum(CASE WHEN corrected THEN 1 ELSE 0 END) AS corrected"
    by_batch = f"SELECT dataset, batch_id, {counts} FROM ({_LAST_BATCHES}) GROUP BY dataset, batch_id"
    return opened.rows("ties", f"{by_batch} ORDER BY batch_id")


def _published(opened: Opened) -> dict[str, Rows]:
    ranked = "SELECT *, row_number() OVER (PARTITION BY layer, table_name ORDER BY version DESC) AS place FROM t"
    rows = opened.rows("published", f"SELECT * FROM ({ranked}) WHERE place <= {BATCHES} ORDER BY version")
    found: dict[str, Rows] = defaultdict(list)
    for row in rows:
        found[f"{row['layer']}.{row['table_name']}"].append(row)
    return found


def _grouped(rows: Iterable[dict[str, Any]], by: str) -> dict[str, Rows]:
    found: dict[str, Rows] = defaultdict(list)
    for row in rows:
        found[row[by]].append(row)
    return found


def _by_batch(rows: Iterable[dict[str, Any]]) -> dict[str, dict[int, dict[str, Any]]]:
    """The newest entry of each batch, by dataset."""
    found: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in rows:
        found[row["dataset"]][row["batch_id"]] = row
    return found
