"""What the status of a lake is made from: ledgers and the logs of tables, each opened once; no data file of silver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from deltalake import DeltaTable

from lakehouse.contracts.columns import STATE
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.cycle.status_tables import Opened, Row
from lakehouse.ingest.landing import dataset_of
from lakehouse.lake.batches import INGEST, BatchState, ValidationStatus
from lakehouse.lake.delta_log import select
from lakehouse.lake.files import StoredFile, exists, list_files, read_text
from lakehouse.lake.landed import landed_in
from lakehouse.lake.paths import Lake
from lakehouse.lake.table_files import table_files
from lakehouse.layout.files import columns_of, files_by_partition
from lakehouse.layout.measure import read_amplification
from lakehouse.quarantine.rows import RowState
from lakehouse.say import format_count

_AT_ONCE = 16


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


def facts_of(opened: Opened, contracts: Contracts, has_raw: bool = True) -> list[DatasetFacts]:
    """How every dataset of some contracts stands; has_raw: whether the raw layer may be listed."""
    if not has_raw:
        return [_facts(opened, dataset, ()) for dataset in contracts.datasets]
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
    """Those of some files that the dataset takes."""
    return [file for file in files if dataset_of(contracts, file.name) is dataset]


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
        Waiting(step, format_count(len(rows), "batch"), min(row["recorded_at"] for row in rows))
        for step, rows in steps.items()
        if rows
    ]
    found += _decided(opened, name, results)
    if new:
        times = [moment for file in new if (moment := _landed_at(file))]
        found.insert(0, Waiting("ingest", format_count(len(new), "new file"), min(times, default=None)))
    return tuple(found)


def _decided(opened: Opened, name: str, results: Mapping[int, Row]) -> list[Waiting]:
    """Decisions on stopped batches that validate has not carried out, accepted batches that transform has not taken."""
    decisions = opened.decisions.get(name, {}) if any(map(_is_stopped, results.values())) else {}
    to_validate = [at for batch, at in decisions.items() if _is_stopped(results.get(batch))]
    accepted = [row for row in results.values() if row["status"] == ValidationStatus.ACCEPTED]
    to_merge = [row["recorded_at"] for row in accepted if (name, row["batch_id"]) not in opened.repeated]
    waiting = (("validate", "decision", to_validate), ("transform", "accepted batch", to_merge))
    return [Waiting(step, format_count(len(times), what), min(times)) for step, what, times in waiting if times]


def _is_stopped(result: Row | None) -> bool:
    return result is not None and result["status"] == ValidationStatus.STOPPED


def _is_due(batch: Row, results: Mapping[int, Row]) -> bool:
    """Whether a batch waits to be merged: it passed, or a person let it be merged late or again."""
    return (
        batch["state"] == BatchState.REPEAT
        or results.get(batch["batch_id"], {}).get("status") == ValidationStatus.PASSED
    )


def _landed_at(file: StoredFile) -> datetime | None:
    """When a file was written; of an object on S3 the listing keeps an ETag instead."""
    try:
        return datetime.fromisoformat(file.version[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None


def _stopped(opened: Opened, name: str, results: Mapping[int, Row]) -> tuple[BatchNote, ...]:
    """The stopped batches about which nobody has decided."""
    stopped = [row for row in results.values() if _is_stopped(row)]
    decided = opened.decisions.get(name, {}) if stopped else {}
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
