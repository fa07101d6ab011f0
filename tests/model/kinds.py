"""Plays random stories of deliveries on a lake of one dataset of any kind, whose bronze is written without ingest.

After every action silver is what the kind's law, in plain Python, says of the batches that were merged.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.batches import (
    Batch,
    BatchState,
    ValidationResult,
    ValidationStatus,
    record_batches,
    record_result,
    record_validation,
)
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.files import StoredFile
from lakehouse.runtime.context import Context
from lakehouse.transform import merge
from lakehouse.transform.merge_order import give_turn
from lakehouse.transform.rebuild import difference, rows_from_bronze
from lakehouse.transform.transform import merge_domain

Row = dict[str, Any]
_ARROW = {"string": pa.string(), "int": pa.int32(), "boolean": pa.bool_(), "timestamp": pa.timestamp("us", "UTC")}
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Landed:
    """A row of bronze: its values, its batch and line, and the place of the row that it repairs, if any."""

    values: Row
    batch: int
    line: int
    repairs: tuple[int, int] | None = None

    @property
    def arrived(self) -> tuple[int, int]:
        """When it came: a repair stands for the row that it repairs."""
        return self.repairs or (self.batch, self.line)


Law = Callable[[Sequence[Landed]], list[Row]]
"""The rows of merged batches → silver."""


class Wrong(AssertionError):  # noqa: N818 - it is what the tests expect, not an error of the tests
    """Silver, or its rebuild, is not what the law says."""


class PowerCutError(Exception):
    """What interrupts a merge."""


@dataclass
class Play:
    """One dataset on a lake of its own."""

    context: Context
    dataset: Dataset
    law: Law
    make: Callable[[Random, int], Row]
    random: Random
    batches: list[list[Landed]] = field(default_factory=list)
    held: dict[int, ValidationResult] = field(default_factory=dict)
    merged: set[int] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)

    def story(self) -> None:
        """Everything that can befall a delivery, in any order; raises Wrong."""
        later = [self.deliver, self.accept, self.replay, self.redeliver, self.repair, self.crash]
        self.random.shuffle(later)
        for act in (self.deliver, self.hold, self.deliver, *later):
            act()
        self.rebuilt()

    def new_rows(self) -> list[Row]:
        """A batch of few keys."""
        return [self.make(self.random, len(self.batches)) for _ in range(self.random.randint(3, 9))]

    def land(self, rows: Sequence[Row], status: ValidationStatus, repairs: Sequence[tuple[int, int]] = ()) -> int:
        """Bring rows to bronze as the next batch, validated."""
        number = len(self.batches) + 1
        places = repairs or [None] * len(rows)
        batch = [
            Landed(row, number, line, place) for line, (row, place) in enumerate(zip(rows, places, strict=True), 2)
        ]
        write_deltalake(self.context.lake.bronze(self.dataset.name), self._bronze(batch), mode="append")
        name = f"{'repairs/' if repairs else ''}{number}.csv"
        entry = Batch(self.dataset.name, number, BatchState.PLANNED, (StoredFile(name, 1, "1"),), None, 0, "", NOW)
        # Replays have numbers of their own, in one row with those of batches.
        record_batches(self.context.lake, self.dataset, lambda known: [self._numbered(entry, known)])
        self.batches.append(batch)
        result = self.judged(number, rows, status)
        record_validation(self.context.lake, self.dataset, result)
        if status is ValidationStatus.PASSED:
            self.merged.add(number)
        else:
            self.held[number] = result
        return number

    def judged(self, number: int, rows: Sequence[Row], status: ValidationStatus) -> ValidationResult:
        """How the validation of a batch ended."""
        return ValidationResult(self.dataset.name, number, status, len(rows), 0, 0, len(rows), None, None)

    def _numbered(self, entry: Batch, known: Sequence[Batch]) -> Batch:
        for _ in range(len(known) - len(self.batches)):
            self.batches.append([])  # the number of a replay, which has no rows of its own
        assert entry.batch_id == len(known) + 1, "land() is called with the next number"
        return entry

    def _bronze(self, batch: Sequence[Landed]) -> pa.Table:
        columns = [pa.field(column.name, _ARROW[column.type]) for column in self.dataset.columns]
        system = [("_rescued", pa.string()), ("_repair_of", pa.string()), ("_source_file", pa.string()),
                  ("_batch_id", pa.int64()), ("_row_id", pa.int64())]  # fmt: skip
        rows = [
            {**row.values, "_repair_of": row.repairs and f"{row.repairs[0]}:{row.repairs[1]}",
             "_source_file": f"{row.batch}.csv", "_batch_id": row.batch, "_row_id": row.line}
            for row in batch
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, schema=pa.schema([*columns, *[pa.field(*item) for item in system]]))

    def deliver(self) -> None:
        """The next batch comes and is merged."""
        self.land(self.new_rows(), ValidationStatus.PASSED)
        self.merge()

    def hold(self) -> None:
        """The next batch comes and is stopped."""
        self.land(self.new_rows(), ValidationStatus.STOPPED)
        self.merge()

    def accept(self) -> None:
        """A batch that was stopped is accepted, after others."""
        number, result = self.held.popitem()
        accepted = dataclasses.replace(result, status=ValidationStatus.ACCEPTED)
        record_result(self.context.lake, self.dataset, accepted, f"accept:{self.dataset.name}", number)
        self.merged.add(number)
        self.merge()
        self._note_turns()

    def replay(self) -> None:
        """A batch is merged once more."""
        give_turn(self.context.lake, self.dataset, self.random.choice(sorted(self.merged)))
        self.merge()
        self._note_turns()

    def _note_turns(self) -> None:
        self.batches.append([])

    def redeliver(self) -> None:
        """The rows of an earlier batch come again, as a batch of their own."""
        earlier = self.random.choice([batch for batch in self.batches if batch])
        self.land([row.values for row in earlier], ValidationStatus.PASSED)
        self.merge()

    def repair(self) -> None:
        """Rows come that repair quarantined ones of earlier batches, which have lines of their own."""
        rows = self.new_rows()[:2]
        places = [(self.random.randint(1, len(self.batches)), 100 + len(self.batches) * 10 + n) for n in range(2)]
        self.land(rows, ValidationStatus.PASSED, places)
        self.merge()

    def crash(self) -> None:
        """A merge is interrupted before or after its commit, and run again."""
        self.land(self.new_rows(), ValidationStatus.PASSED)
        place = self.random.choice(["write_plan", "_own_commit"])
        with patch.object(merge, place, side_effect=PowerCutError), pytest.raises(PowerCutError):
            merge_domain(self.context, self._contract)
        self.merge()

    @property
    def _contract(self) -> Contract:
        return Contract("kinds", "", "", "", "", "", "", (self.dataset,))

    def merge(self) -> None:
        """Merge what is due, and compare."""
        for result in merge_domain(self.context, self._contract):
            self.seen["news"] += result.news
            self.seen["ignored"] += result.ignored
        self.compare(read_rows(self.context.lake.silver(self.dataset.name)))

    def compare(self, found: Sequence[Row]) -> None:
        """Compare rows with the law, by the columns that it names."""
        landed = [row for batch in self.batches for row in batch if row.batch in self.merged]
        wanted = self.law(landed)
        self.require(found, wanted, list(wanted[0]))

    def require(self, found: Sequence[Row], wanted: Sequence[Row], names: Sequence[str]) -> None:
        """Raise Wrong where rows differ, whatever their order."""
        mine, theirs = ([tuple(_in_utc(row[name]) for name in names) for row in rows] for rows in (found, wanted))
        if sorted(mine, key=repr) != sorted(theirs, key=repr):
            both = [*(row for row in mine if row not in theirs)], [*(row for row in theirs if row not in mine)]
            came = "\n".join(f"  {row.arrived}: {row.values}" for batch in self.batches for row in batch)
            raise Wrong(f"{self.dataset.name}: {names}\nfound {both[0]}\nwanted {both[1]}\n{came}")

    def rebuilt(self) -> None:
        """Silver made anew from bronze is silver."""
        made = rows_from_bronze(self.context, self.dataset)
        silver = tables.read(self.context.spark(), self.context.lake.silver(self.dataset.name))
        if not difference(silver, made, self.dataset).is_none:
            raise Wrong(f"{self.dataset.name}: its rebuild differs")
        self.compare([row.asDict(recursive=True) for row in made.collect()])


def _in_utc(value: Any) -> Any:
    """Spark hands out the times of its session, which is in UTC, without saying so."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
