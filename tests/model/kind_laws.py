"""Datasets of each kind, the rows that random stories deliver to them, and what silver then holds, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.operations import Operations
from tests.model.kinds import Landed, Law, Row

FIRST_DAY = datetime(2026, 10, 1, tzinfo=UTC)
COLUMNS = (Column("id", "string", True, "Key."), Column("number", "int", True, "Of its change."),
           Column("at", "timestamp", True, "When."), Column("note", "string", False, "Content."),
           Column("gone", "boolean", True, "Deleted."))  # fmt: skip
NAMES = tuple(column.name for column in COLUMNS)
UPSERT, EVENTS, HISTORY = MergeStrategy.UPSERT, MergeStrategy.INSERT_ONLY, MergeStrategy.SCD2


@dataclass(frozen=True)
class Kind:
    """A dataset, its rows and its law."""

    dataset: Dataset
    law: Law
    make: Callable[[Random, int], Row]


def a_row(random: Random, batch: int) -> Row:
    """Few keys, times and contents, so that rows tie, repeat, move and come late."""
    return {
        "id": random.choice("abcdef"), "number": random.randint(1, 9),
        "at": FIRST_DAY + timedelta(days=random.randint(0, 2)), "note": random.choice(["x", "y", None]),
        "gone": random.random() < 0.2,
    }  # fmt: skip


def in_place(landed: Sequence[Landed]) -> list[Row]:
    """Every row, by its batch and line."""
    return [{**row.values, "_batch_id": row.batch, "_row_id": row.line} for row in landed]


def without_key(name: str) -> Dataset:
    return Dataset(name, "kinds", "", MergeStrategy.APPEND, "*", FileFormat.CSV, COLUMNS, (), (), None, "at", ("dt",),
                   ("id",), 20)  # fmt: skip


def dataset(name: str, strategy: MergeStrategy, sequence: tuple[str, ...], by_arrival: bool = False) -> Dataset:
    dated = strategy is not HISTORY
    flag = None if strategy is EVENTS else "gone"
    return Dataset(name, "kinds", "", strategy, "*", FileFormat.CSV, COLUMNS, ("id",), sequence, flag,
                   "at" if dated else None, ("dt",) if dated else (), ("id",), 20, by_arrival=by_arrival)  # fmt: skip


def _content(row: Row) -> tuple[Any, ...]:
    return tuple((row[name] is not None, row[name]) for name in NAMES)


def newest(weight: Callable[[Landed], Any]) -> Law:
    """Per key the row of the greatest weight."""

    def law(landed: Sequence[Landed]) -> list[Row]:
        keys = {row.values["id"] for row in landed}
        of_key = {key: [row for row in landed if row.values["id"] == key] for key in keys}
        return [max(rows, key=weight).values for rows in of_key.values()]

    return law


def by_two_columns(landed: Sequence[Landed]) -> list[Row]:
    """(at, number), then the batch in which the content came first, deleted, content."""
    first: dict[str, int] = {}
    for row in landed:
        first[repr(row.values)] = min(row.batch, first.get(repr(row.values), row.batch))

    def weight(row: Landed) -> tuple[Any, ...]:
        values = row.values
        return values["at"], values["number"], first[repr(values)], values["gone"], _content(values)

    return newest(weight)(landed)


def versions(landed: Sequence[Landed]) -> list[Row]:
    """Per key and time the row that arrived last, each valid until the next time of its key."""
    kept: dict[tuple[str, datetime], Row] = {}
    for row in sorted(landed, key=lambda row: row.arrived):
        kept[row.values["id"], row.values["at"]] = row.values
    found = [{**kept[place], "valid_from": place[1], "valid_to": None} for place in sorted(kept)]
    for row, following in pairwise(found):
        if row["id"] == following["id"]:
            row["valid_to"] = following["at"]
    return found


IMAGE, DELETES = "B", ("D", "x")
LOGGED = (*COLUMNS[:4], Column("op", "string", True, "Operation."))


def change_log(name: str, strategy: MergeStrategy, sequence: tuple[str, ...]) -> Dataset:
    words = Operations("op", ("I", "r"), ("U",), DELETES, (IMAGE,))
    return Dataset(name, "kinds", "", strategy, "*", FileFormat.CSV, LOGGED, ("id",), sequence, "is_deleted",
                   None if strategy is HISTORY else "at", (), ("id",), 20, by_arrival=True,
                   operations=words)  # fmt: skip


def a_change(random: Random, batch: int) -> Row:
    """A row of a change log; the image before an update has its time, and a delete may have no more than its key."""
    row = {name: value for name, value in a_row(random, batch).items() if name != "gone"}
    op = random.choice(["I", "r", "U", "U", "D", "x", IMAGE])
    return {**row, "op": op, "note": None if op in DELETES else row["note"]}


def log_of(law: Law) -> Law:
    """The law over what is no image, with the flag that silver adds."""

    def logged(landed: Sequence[Landed]) -> list[Row]:
        rows = law([row for row in landed if row.values["op"] != IMAGE])
        return [{**row, "is_deleted": row["op"] in DELETES} for row in rows]

    return logged


def _earliest(row: Landed) -> tuple[int, ...]:
    return tuple(-part for part in row.arrived)


KINDS: Mapping[str, Kind] = {
    kind.dataset.name: kind
    for kind in (
        Kind(dataset("arriving", UPSERT, (), True), newest(lambda row: row.arrived), a_row),
        Kind(dataset("timed_arriving", UPSERT, ("at",), True), newest(lambda row: (row.values["at"], row.arrived)),
             a_row),
        Kind(dataset("numbered", UPSERT, ("at", "number")), by_two_columns, a_row),
        Kind(dataset("versions_arriving", HISTORY, ("at",), True), versions, a_row),
        Kind(dataset("events_arriving", EVENTS, (), True), newest(_earliest), a_row),
        Kind(without_key("appended"), in_place, a_row),
        Kind(change_log("logged", UPSERT, ("at",)), log_of(newest(lambda row: (row.values["at"], row.arrived))),
             a_change),
        Kind(change_log("logged_versions", HISTORY, ("at",)), log_of(versions), a_change),
    )
}  # fmt: skip
