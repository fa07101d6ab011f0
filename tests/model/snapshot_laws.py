"""Stories of snapshots, and what silver then holds, in plain Python: each key is walked through all that came."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import ValidationResult, ValidationStatus
from lakehouse.lake.snapshot_times import Moment, Times, times_as_text
from tests.model.kinds import Landed, Play, Row

INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"
FIRST_DAY = datetime(2026, 10, 1, tzinfo=UTC)
COLUMNS = (Column("id", "string", True, "Key."), Column("at", "timestamp", True, "When."),
           Column("note", "string", False, "Content."))  # fmt: skip
UPSERT, HISTORY = MergeStrategy.UPSERT, MergeStrategy.SCD2


def dataset(name: str, strategy: MergeStrategy, sequence: tuple[str, ...]) -> Dataset:
    """One dataset whose files are snapshots."""
    dated = strategy is not HISTORY
    return Dataset(name, "kinds", "", strategy, "*", FileFormat.CSV, COLUMNS, ("id",), sequence, "is_deleted",
                   "at" if dated else None, ("dt",) if dated else (), ("id",), 20, by_arrival=True,
                   snapshot_shrink_limit_percent=50)  # fmt: skip


DATASETS = {
    each.name: each
    for each in (
        dataset("snapshots", UPSERT, ()),
        dataset("timed_snapshots", UPSERT, ("at",)),
        dataset("snapshot_versions", HISTORY, ("at",)),
    )
}


NAMES = ("id", "at", "note", "is_deleted")
BAD = "bad"
"""The content of a row that a rule keeps out."""
Place = tuple[Any, ...]


@dataclass
class SnapshotPlay(Play):
    """A play whose deliveries are whole: many have no fault, others have rows in quarantine, and some are empty."""

    unreadable: set[int] = field(default_factory=set)
    repairs: set[int] = field(default_factory=set)

    @property
    def is_timed(self) -> bool:
        """Whether a column says the time of a snapshot."""
        return bool(self.dataset.sequence_by)

    def new_rows(self) -> list[Row]:
        """Some of few keys, one of them twice; of a snapshot with a time all rows have it."""
        time = self._day()
        keys = self.random.sample("abcdef", self.random.randint(0 if any(self.batches) else 1, 5))
        rows = [{"id": key, "at": time if self.is_timed else self._day(), "note": self.random.choice(["x", "y", None])}
                for key in [*keys, *keys[:1]]]  # fmt: skip
        fault = self.random.choice(["none", "none", "kept out", "no key"])
        if fault != "none" and rows:
            rows.append({**rows[0], "id": None if fault == "no key" else self.random.choice("abcdefg"), "note": BAD})
        return rows

    def _day(self) -> datetime:
        return FIRST_DAY + timedelta(days=self.random.randint(0, 5))

    def judged(self, number: int, rows: Sequence[Row], status: ValidationStatus) -> ValidationResult:
        """The result of a batch, whose bad rows are in quarantine; of some, ingest could not read a row."""
        lines = [line for line, row in enumerate(rows, 2) if row["note"] == BAD]
        place = {"_batch_id": [number] * len(lines), "_row_id": lines}
        schema = pa.schema([("_batch_id", pa.int64()), ("_row_id", pa.int64())])
        path = self.context.lake.quarantine(self.dataset.name)
        write_deltalake(path, pa.table(place, schema=schema), mode="append")
        if self.random.random() < 0.2:
            self.unreadable.add(number)
        result = super().judged(number, rows, status)
        found = {"rows_unreadable": int(number in self.unreadable), "rows_passed": len(rows) - len(lines)}
        return dataclasses.replace(result, **found, snapshot_times=self.times(number, rows))

    def times(self, number: int, rows: Sequence[Row]) -> str | None:
        """What the result keeps of the rows' times; nothing in every third, as an earlier release left it."""
        if not self.is_timed or number % 3 == 0:
            return None
        days = sorted(f"{row['at']:{INSTANT}}" for row in rows) or [None]
        return times_as_text(Times(Moment(days[0], False), Moment(days[-1], False)), self.dataset)

    def repair(self) -> None:
        """A row comes that repairs a quarantined one of an earlier batch."""
        row = {"id": self.random.choice("abcdef"), "at": self._day(), "note": self.random.choice(["x", "y", None])}
        place = self.random.randint(1, len(self.batches)), 100 + len(self.batches)
        self.land([row], ValidationStatus.PASSED, [place])
        self.merge()

    def land(self, rows: Sequence[Row], status: ValidationStatus, repairs: Sequence[tuple[int, int]] = ()) -> int:
        """Bring rows to bronze as the next batch; what repairs is no snapshot."""
        number = super().land(rows, status, repairs)
        if repairs and rows:
            self.repairs.add(number)
        return number

    def compare(self, found: Sequence[Row]) -> None:
        """Compare rows with the law; raises Wrong."""
        names = (*NAMES, *(("valid_from", "valid_to") if self.dataset.merge_strategy is HISTORY else ()))
        self.require([{name: row[name] for name in names} for row in found], self.wanted(), names)

    def wanted(self) -> list[Row]:
        """What silver holds: each key is walked through all that was merged."""
        merged = [row for batch in self.batches for row in batch if row.batch in self.merged]
        keys = {row.values["id"] for row in merged if row.values["note"] != BAD}
        return [row for key in keys for row in self._of_key(key, merged)]

    def _of_key(self, key: str, merged: Sequence[Landed]) -> Iterator[Row]:
        """The versions of a key, of a dataset without a history the last one."""
        is_history = self.dataset.merge_strategy is HISTORY
        rows = {self._place(row): row.values for row in merged
                if row.values["id"] == key and row.values["note"] != BAD}  # fmt: skip
        state: Row | None = None
        versions: dict[Any, Row] = {}
        for place in sorted([*rows, *self._lacking(key)]):
            if place in rows:
                state = {**rows[place], "is_deleted": False}
            elif state and not state["is_deleted"]:
                state = {**state, "is_deleted": True, **({"at": place[0]} if is_history else {})}
            if state:
                versions[place[0]] = state  # the last one of its time
        if not is_history:
            assert state, "a key has a row"
            yield state
            return
        said = [(versions[time]["note"], versions[time]["is_deleted"]) for time in sorted(versions)]
        is_news = [said[number] != said[number - 1] if number else True for number in range(len(said))]
        kept = [versions[time] for time, is_new in zip(sorted(versions), is_news, strict=True) if is_new]
        for row, following in zip(kept, [*kept[1:], None], strict=True):
            yield {**row, "valid_from": row["at"], "valid_to": following and following["at"]}

    def _place(self, row: Landed) -> Place:
        return (row.values["at"] if self.is_timed else 0, row.arrived[0], 1, row.arrived[1])

    def _lacking(self, key: str) -> Iterator[Place]:
        """The places of the merged snapshots that certainly lack a key."""
        for number, rows in enumerate(self.batches, 1):
            times, ids = (
                {row.values["at"] for row in rows} if self.is_timed else {0},
                {row.values["id"] for row in rows},
            )
            is_known = number in self.merged - self.unreadable - self.repairs and None not in ids
            if is_known and len(times) == 1 and key not in ids:
                yield (*times, number, 0, 0)
