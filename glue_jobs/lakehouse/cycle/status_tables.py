"""The tables that a status reads, each opened once: ledgers, and the logs of bronze, silver and quarantine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from typing import Any

from deltalake import DeltaTable

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import MERGE, BatchState, ValidationStatus
from lakehouse.lake.delta_log import open_table, select
from lakehouse.lake.paths import Lake

LEDGERS = ("batches", "validation_results", "decisions", "ties", "published", "runs", "steps")
_AT_ONCE = 16

Row = Mapping[str, Any]


class Opened:
    """The tables of a lake that a status reads, each opened once and all at once: over S3 each is a round trip."""

    def __init__(self, lake: Lake, datasets: Sequence[Dataset], ledgers: Sequence[str] = LEDGERS) -> None:
        self.lake, self.names = lake, tuple(dataset.name for dataset in datasets)
        paths = [lake.ops(name) for name in ledgers]
        paths += [path for name in self.names for path in (lake.bronze(name), lake.silver(name), lake.quarantine(name))]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            self._tables = dict(zip(paths, pool.map(open_table, paths), strict=True))

    def table(self, path: str) -> DeltaTable | None:
        """The table of a path, None where there is none."""
        return self._tables[path]

    def progress(self, path: str, application: str) -> int:
        """The number that a table's log records for an application, 0 before the first."""
        table = self.table(path)
        return 0 if table is None else table.transaction_version(application) or 0

    def rows(self, ledger: str, sql: str) -> list[dict[str, Any]]:
        """Rows of a query over a ledger named t; none where there is no such ledger."""
        table = self.table(self.lake.ops(ledger))
        return [] if table is None else select(table, sql)

    @cached_property
    def merged(self) -> dict[str, int]:
        """The last number that each dataset's silver has merged."""
        return {name: self.progress(self.lake.silver(name), MERGE) for name in self.names}

    @property
    def _not_merged(self) -> str:
        """The condition for batches after those that silver has."""
        return " OR ".join(f"(dataset = '{name}' AND batch_id > {number})" for name, number in self.merged.items())

    @cached_property
    def batches(self) -> dict[str, list[Row]]:
        """The batches of each dataset after those that silver has, in their order."""
        return _by_dataset(self.rows("batches", f"SELECT * FROM t WHERE {self._not_merged} ORDER BY batch_id"))

    @cached_property
    def results(self) -> dict[str, dict[int, Row]]:
        """The newest validation results, by dataset and batch: of batches that are not merged, and of stopped ones."""
        # Of a stopped batch every entry but the last says so, too; no condition may leave out a newer one.
        wanted = f"({self._not_merged}) OR status <> '{ValidationStatus.PASSED}'"
        rows = self.rows("validation_results", f"SELECT * FROM t WHERE {wanted} ORDER BY recorded_at")
        return {name: {row["batch_id"]: row for row in own} for name, own in _by_dataset(rows).items()}

    @cached_property
    def decisions(self) -> dict[str, dict[int, datetime]]:
        """When somebody last decided on a stopped batch, by dataset and batch."""
        newest = "SELECT dataset, batch_id, max(recorded_at) AS at FROM t GROUP BY dataset, batch_id"
        found = _by_dataset(self.rows("decisions", newest))
        return {name: {row["batch_id"]: row["at"] for row in own} for name, own in found.items()}

    @cached_property
    def repeated(self) -> set[tuple[str, int]]:
        """The batches that were given another turn to be merged, with their datasets."""
        turns = self.rows("batches", f"SELECT dataset, repeats FROM t WHERE state = '{BatchState.REPEAT}'")
        return {(row["dataset"], row["repeats"]) for row in turns}

    @cached_property
    def last_deliveries(self) -> dict[str, datetime]:
        """When each dataset had its last delivery."""
        delivered = f"state <> '{BatchState.REPEAT}'"
        rows = self.rows("batches", f"SELECT dataset, max(recorded_at) AS last FROM t WHERE {delivered} GROUP BY 1")
        return {row["dataset"]: row["last"] for row in rows}

    @cached_property
    def published(self) -> dict[str, int]:
        """The last published version of each dataset's silver."""
        newest = "SELECT table_name, max(version) AS version FROM t WHERE layer = 'silver' GROUP BY table_name"
        return {row["table_name"]: row["version"] for row in self.rows("published", newest)}

    @cached_property
    def first_run(self) -> datetime | None:
        """When the lake's first run began; None where none is recorded."""
        rows = self.rows("runs", "SELECT min(started_at) AS first FROM t")
        return rows[0]["first"] if rows else None

    @cached_property
    def ties(self) -> dict[str, int]:
        """How many rows of each dataset's silver a tie corrected."""
        rows = self.rows("ties", "SELECT dataset, count(*) AS number FROM t WHERE corrected GROUP BY dataset")
        return {row["dataset"]: row["number"] for row in rows}


def _by_dataset(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["dataset"], []).append(row)
    return found
