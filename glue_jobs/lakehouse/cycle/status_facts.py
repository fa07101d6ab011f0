"""What the status of a lake is made from: ledgers and the logs of tables, each opened once; no data file of silver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from deltalake import DeltaTable

from lakehouse.contracts.columns import STATE
from lakehouse.contracts.contract import Contracts, Dataset
from lakehouse.lake.batches import INGEST, MERGE, BatchState, ValidationStatus
from lakehouse.lake.delta_log import open_table, select
from lakehouse.lake.files import StoredFile, exists, list_files, read_text
from lakehouse.lake.landed import landed_in
from lakehouse.lake.paths import Lake
from lakehouse.lake.table_files import table_files
from lakehouse.layout.files import columns_of, files_by_partition
from lakehouse.layout.measure import read_amplification
from lakehouse.quarantine.rows import RowState
from lakehouse.say import format_count

_LEDGERS = ("batches", "validation_results", "decisions", "ties", "published", "runs", "steps")
_AT_ONCE = 16

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Waiting:
    """Work that a step has not done: how much of what, and since when the oldest waits; None where nobody knows."""

    step: str
    what: str
    since: datetime | None


@dataclass(frozen=True)
class BatchNote:
    """A batch that waits for a person: stopped by a rule, or a refused file."""

    batch_id: int
    since: datetime
    reason: str


@dataclass(frozen=True)
class DatasetFacts:
    """How one dataset stands. silver: its version, -1 without one; published: the last published one.

    read_amplification: of its worst partition; 1.0 is best.
    """

    dataset: Dataset
    last_delivery: datetime | None
    waiting: tuple[Waiting, ...]
    stopped: tuple[BatchNote, ...]
    refused: tuple[BatchNote, ...]
    open_rows: int
    ties_corrected: int
    silver: int
    published: int
    read_amplification: float


class Opened:
    """The tables of a lake that a status reads, each opened once and all at once: over S3 each is a round trip."""

    def __init__(self, lake: Lake, datasets: Sequence[Dataset]) -> None:
        self.lake, self.names = lake, tuple(dataset.name for dataset in datasets)
        paths = [lake.ops(name) for name in _LEDGERS]
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

    @cached_property
    def batches(self) -> dict[str, list[Row]]:
        """The batches of each dataset after those that silver has, in their order."""
        late = " OR ".join(f"(dataset = '{name}' AND batch_id > {number})" for name, number in self.merged.items())
        return _by_dataset(self.rows("batches", f"SELECT * FROM t WHERE {late} ORDER BY batch_id"))

    @cached_property
    def results(self) -> dict[str, dict[int, Row]]:
        """The newest validation results, by dataset and batch: of batches that are not merged, and of stopped ones."""
        # Of a stopped batch every entry but the last says so, too; no condition may leave out a newer one.
        late = " OR ".join(f"(dataset = '{name}' AND batch_id > {number})" for name, number in self.merged.items())
        wanted = f"({late}) OR status <> '{ValidationStatus.PASSED}'"
        rows = self.rows("validation_results", f"SELECT * FROM t WHERE {wanted} ORDER BY recorded_at")
        return {name: {row["batch_id"]: row for row in own} for name, own in _by_dataset(rows).items()}

    @cached_property
    def last_deliveries(self) -> dict[str, datetime]:
        """When each dataset had its last delivery."""
        rows = self.rows("batches", "SELECT dataset, max(recorded_at) AS last FROM t WHERE repeats IS NULL GROUP BY 1")
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


def facts_of(opened: Opened, contracts: Contracts) -> list[DatasetFacts]:
    """How every dataset of some contracts stands."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda domain: new_files(opened.lake, domain), contracts.domains)
        new = dict(zip(contracts.domains, found, strict=True))
    return [_facts(opened, dataset, _own(contracts, dataset, new[dataset.domain])) for dataset in contracts.datasets]


def new_files(lake: Lake, domain: str) -> list[StoredFile]:
    """The files of a domain's raw folder that ingest has not dealt with."""
    path = lake.landed(domain)
    known = landed_in(read_text(path)) if exists(path) else {}
    return [file for file in list_files(lake.landing(domain)) if known.get(file.path) != file.version]


def _own(contracts: Contracts, dataset: Dataset, files: Sequence[StoredFile]) -> list[StoredFile]:
    """Those of some files that the dataset takes: of two patterns that match a name the longer one has it."""

    def owner(name: str) -> Dataset | None:
        matching = [other for other in contracts.datasets if other.matches(name)]
        return max(matching, key=lambda other: len(other.file_pattern), default=None)

    return [file for file in files if owner(file.name) is dataset]


def _facts(opened: Opened, dataset: Dataset, new: Sequence[StoredFile]) -> DatasetFacts:
    lake, name = opened.lake, dataset.name
    batches, results = opened.batches.get(name, []), opened.results.get(name, {})
    silver = opened.table(lake.silver(name))
    return DatasetFacts(
        dataset=dataset,
        last_delivery=opened.last_deliveries.get(name),
        waiting=_waiting(opened, dataset, batches, results, new),
        stopped=_stopped(opened, name, results),
        refused=_refused(batches),
        open_rows=_open_rows(opened, dataset),
        ties_corrected=opened.ties.get(name, 0),
        silver=-1 if silver is None else silver.version(),
        published=opened.published.get(name, -1),
        read_amplification=_worst(silver, dataset),
    )


def _waiting(
    opened: Opened, dataset: Dataset, batches: Sequence[Row], results: Mapping[int, Row], new: Sequence[StoredFile]
) -> tuple[Waiting, ...]:
    lake, name = opened.lake, dataset.name
    ingested = opened.progress(lake.bronze(name), INGEST)
    planned = [row for row in batches if row["state"] == BatchState.PLANNED]
    steps = {
        "ingest": [row for row in planned if row["batch_id"] > ingested],
        "validate": [row for row in planned if row["batch_id"] <= ingested and row["batch_id"] not in results],
        "transform": [row for row in batches if _is_due(row, results)],
    }
    found = [
        Waiting(step, f"{len(rows)} batch{'es' if len(rows) > 1 else ''}", min(row["recorded_at"] for row in rows))
        for step, rows in steps.items()
        if rows
    ]
    if new:
        times = [moment for file in new if (moment := _landed_at(file))]
        found.insert(0, Waiting("ingest", format_count(len(new), "new file"), min(times, default=None)))
    return tuple(found)


def _is_due(batch: Row, results: Mapping[int, Row]) -> bool:
    """Whether a batch waits to be merged: it passed, or a person let it be merged late or again."""
    return batch["repeats"] is not None or results.get(batch["batch_id"], {}).get("status") == ValidationStatus.PASSED


def _landed_at(file: StoredFile) -> datetime | None:
    """When a file was written; of an object on S3 the listing keeps an ETag instead."""
    try:
        return datetime.fromisoformat(file.version[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None


def _stopped(opened: Opened, name: str, results: Mapping[int, Row]) -> tuple[BatchNote, ...]:
    """The stopped batches about which nobody has decided."""
    stopped = [row for row in results.values() if row["status"] == ValidationStatus.STOPPED]
    if not stopped:
        return ()
    decided = {row["batch_id"] for row in opened.rows("decisions", f"SELECT batch_id FROM t WHERE dataset = '{name}'")}
    return tuple(
        BatchNote(row["batch_id"], row["recorded_at"], row["reason"] or "")
        for row in sorted(stopped, key=lambda row: int(row["batch_id"]))
        if row["batch_id"] not in decided
    )


def _refused(batches: Sequence[Row]) -> tuple[BatchNote, ...]:
    """The refused files since which no file of the dataset was taken."""
    last = max((row["batch_id"] for row in batches if row["state"] == BatchState.PLANNED), default=0)
    return tuple(
        BatchNote(row["batch_id"], row["recorded_at"], f"{row['files'][0]['path']}: {row['reason']}")
        for row in batches
        if row["state"] == BatchState.REFUSED and row["batch_id"] > last
    )


def _open_rows(opened: Opened, dataset: Dataset) -> int:
    table = opened.table(opened.lake.quarantine(dataset.name))
    if table is None:
        return 0
    rows = select(table, f"SELECT count(*) AS number FROM t WHERE \"{STATE}\" = '{RowState.OPEN}'")
    return int(rows[0]["number"])


def _worst(silver: DeltaTable | None, dataset: Dataset) -> float:
    """The read amplification of the worst partition."""
    if silver is None:
        return 1.0
    parts = files_by_partition(table_files(silver, columns_of(dataset.layout))).values()
    return max((read_amplification(part, dataset.layout.cut_by) for part in parts), default=1.0)
