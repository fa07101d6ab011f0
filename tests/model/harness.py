"""Plays a story against real tables and against the model, and compares the two after every action."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import Any
from unittest.mock import patch

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.lake.delta_log import open_table, read_rows, select, table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.layout.maintain import maintain_lake
from lakehouse.runtime.context import Context
from lakehouse.transform import merge, merge_write
from lakehouse.transform.marts import build_marts
from lakehouse.transform.merge import MergeResult, merge_batch
from lakehouse.transform.merge_errors import BatchOrderError
from lakehouse.transform.planned_merge import MergePlan
from lakehouse.transform.ties import Bronze
from tests.model import deliveries as told
from tests.model.deliveries import Action, Layout, Step, Story
from tests.model.fact import fact
from tests.model.footprint import Footprint, Mismatch, footprint
from tests.model.model import RULES, Key, Outcome, Row, Silver

COUNTS = ("rows", "keys", "inserted", "updated", "deleted", "moved", "unchanged", "stale", "corrected")


class PowerCutError(Exception):
    """What interrupts a merge."""


@dataclass
class Table:
    """One silver table, its model, every batch that came, and the newest turn of each to be merged."""

    context: Context
    silver: Silver
    batches: list[list[Row]] = field(default_factory=list)
    turns: dict[int, int] = field(default_factory=dict)
    merged: set[int] = field(default_factory=set)

    def take(self, batch: Sequence[Row]) -> int:
        """A batch has come; returns its number. Its turn is the next one."""
        self.batches.append(list(batch))
        self.give_turn(len(self.batches))
        return len(self.batches)

    def give_turn(self, number: int) -> None:
        """A batch is to be merged after all others, whether it was merged before or not."""
        self.turns[number] = max(self.turns.values(), default=0) + 1

    @property
    def name(self) -> str:
        return self.silver.rules.name

    @property
    def path(self) -> str:
        return self.context.lake.silver(self.name)

    def frame(self, rows: Sequence[Row], layout: Layout) -> DataFrame:
        """Rows in the order and the partitions of a layout."""
        columns = self.context.contracts.dataset(self.name).columns
        schema = ", ".join(f"{column.name} {column.spark_type}" for column in columns)
        values = [tuple(row[column.name] for column in columns) for row in layout.order(rows)]
        frame = self.context.spark().createDataFrame(values, schema)
        return frame.coalesce(1) if layout.parts == 1 else frame.repartition(layout.parts)

    def merge(self, number: int, layout: Layout) -> MergeResult:
        """Give a batch to the merge, in its turn."""
        dataset, frame = self.context.contracts.dataset(self.name), self.frame(self.batches[number - 1], layout)
        merged = {*self.merged, number}

        def landed(keys: DataFrame) -> DataFrame:
            """Bronze: every row of the batches that are merged."""
            rows = [
                self.frame(self.batches[batch - 1], layout).withColumn("_batch_id", F.lit(batch).cast("bigint"))
                for batch in sorted(merged)
            ]
            return reduce(DataFrame.unionByName, rows).join(keys, on=keys.columns, how="left_semi")

        bronze = Bronze(landed, len(self.batches[number - 1]))
        turn = self.turns[number]
        result = merge_batch(self.context.spark(), dataset, frame, number, self.path, turn, bronze)
        self.merged.add(number)
        return result

    def rows(self) -> list[Row]:
        """The rows that silver has, read without Spark."""
        return read_rows(self.path)

    def footprint(self) -> Footprint:
        """Version and files of the table now."""
        return footprint(self.path, self.silver.rules)


@dataclass
class Player:
    """Plays stories on one lake; `seen` counts what happened, for a story in which nothing does finds nothing."""

    context: Context
    seen: Counter[str]
    datasets: tuple[str, ...] = tuple(RULES)
    builds: bool = True
    tables: dict[str, Table] = field(init=False)
    built_before: bool = False

    def __post_init__(self) -> None:
        self.tables = {name: Table(self.context, Silver(rules)) for name, rules in RULES.items()}

    def play(self, story: Story) -> None:
        """Play and compare; raises Mismatch."""
        for number, step in enumerate(story, start=1):
            try:
                self._step(step)
            except Mismatch as error:
                raise Mismatch(f"step {number}: {error}") from None

    def _step(self, step: Step) -> None:
        for action in step.actions:
            if action.dataset not in self.datasets:
                continue
            self.seen[action.kind] += 1
            table = self.tables[action.dataset]
            _ACTIONS[action.kind](self, table, action)
            compare(table.name, table.rows(), table.silver.table(), table.batches)
        if self.builds and step.builds:
            self._build()
        elif self.builds:
            self.seen["not built"] += 1

    def _build(self) -> None:
        """Only the first build may be a full one: later ones know from silver's commits what changed."""
        for contract in self.context.contracts:
            paths = {dataset.name: self.context.lake.silver(dataset.name) for dataset in contract.datasets}
            record_tested(self.context.lake, contract, {name: table_version(path) for name, path in paths.items()})
        result = build_marts(self.context).of("fct_daily_store_metrics")
        if result:
            _expect("fact: full build", result.whole is not None, not self.built_before)
            self.seen["built by changes"] += result.whole is None
        self.built_before = True
        stored = open_table(self.context.lake.table("marts", "fct_daily_store_metrics"))
        assert stored is not None
        wanted = fact({name: table.silver for name, table in self.tables.items()})
        compare("fact", select(stored, "SELECT * FROM t"), wanted, key=("dt", "store_id"))

    def _deliver(self, table: Table, action: Action) -> None:
        number = table.take(action.batches[0])
        if action.crash:
            self.seen[action.crash] += 1
            self._crash(table, number, action)
        if action.crash == told.CRASH_AFTER:
            table.silver.merge(table.batches[-1], number)
            self._skip(table, number, action.layout)
        else:
            self._merge(table, number, action.layout)

    def _overtaken(self, table: Table, action: Action) -> None:
        """The later of two batches is merged first; the earlier is then refused, and merged when it is asked for."""
        last = [table.take(batch) for batch in action.batches][-1]
        self._merge(table, last, action.layout)
        try:
            table.merge(last - 1, action.layout)
        except BatchOrderError:
            table.give_turn(last - 1)
            self._merge(table, last - 1, action.layout)
        else:
            raise Mismatch(f"{table.name} batch {last - 1}: passed over, and not refused")

    def _redeliver(self, table: Table, action: Action) -> None:
        number = table.take(table.batches[action.earlier % len(table.batches)])
        self._merge(table, number, action.layout)

    def _same_number(self, table: Table, action: Action) -> None:
        self._skip(table, action.earlier % len(table.batches) + 1, action.layout)

    def _replay(self, table: Table, action: Action) -> None:
        number = action.earlier % len(table.batches) + 1
        table.give_turn(number)
        self._merge(table, number, action.layout)

    def _optimize(self, table: Table, action: Action) -> None:
        """Maintenance of the whole lake moves rows between files; no row changes."""
        self.seen["optimized"] += len(maintain_lake(self.context))
        for other in self.tables.values():
            compare(other.name, other.rows(), other.silver.table(), other.batches)

    def _merge(self, table: Table, number: int, layout: Layout) -> None:
        before, rows = table.footprint(), table.silver.table()
        with _conditions() as conditions:
            result = table.merge(number, layout)
        outcome = table.silver.merge(table.batches[number - 1], number)
        self._count(outcome, rows, table)
        compare(table.name, table.rows(), table.silver.table(), table.batches)
        about = f"{table.name} batch {number}"
        counted = {name: getattr(result, name) for name in COUNTS}
        _expect(f"{about}: counts", counted, {name: outcome.fates[name] for name in COUNTS})
        _expect(f"{about}: partitions", result.partitions, len(outcome.losing | outcome.gaining))
        _expect(f"{about}: version", (result.version, result.conflicts), (before.version + 1, 0))
        after = table.footprint()
        before.check(about, result, outcome, after, table.batches[number - 1])
        before.check_literals(about, list(rows.values()), outcome, table.batches[number - 1], conditions)

    def _skip(self, table: Table, number: int, layout: Layout) -> None:
        """A batch that the table has makes no commit."""
        before = table.footprint()
        result = table.merge(number, layout)
        self.seen["skipped"] += 1
        _expect(f"{table.name} batch {number}: skipped", (result.skipped, result.news), (True, 0))
        _expect(f"{table.name} batch {number}: table", table.footprint(), before)

    def _crash(self, table: Table, number: int, action: Action) -> None:
        before = table.footprint().version
        place = "write_plan" if action.crash == told.CRASH_BEFORE else "_own_commit"
        with patch.object(merge, place, side_effect=PowerCutError):
            try:
                table.merge(number, action.layout)
            except PowerCutError:
                made = table.footprint().version - before
                _expect(f"{table.name} batch {number}: commits at the crash", made, int(place == "_own_commit"))
                return
        raise Mismatch(f"{table.name} batch {number}: {place} was never reached")

    def _count(self, outcome: Outcome, before: Mapping[Key, Row], table: Table) -> None:
        self.seen.update({name: count for name, count in outcome.fates.items() if count})
        self.seen["superseded"] += outcome.fates["rows"] - outcome.fates["keys"]
        self.seen["no news"] += not outcome.news
        ended = {key for key, row in table.silver.table().items() if key in before and row != before[key]}
        self.seen["late version"] += any(before[key].get("valid_to") for key in ended)


_ACTIONS: dict[str, Callable[[Player, Table, Action], None]] = {
    told.DELIVER: Player._deliver,
    told.OVERTAKEN: Player._overtaken,
    told.REDELIVER: Player._redeliver,
    told.SAME_NUMBER: Player._same_number,
    told.REPLAY: Player._replay,
    told.OPTIMIZE: Player._optimize,
}


@contextmanager
def _conditions() -> Iterator[list[str]]:
    """Collects the conditions of the MERGE that is run within, if any."""
    found: list[str] = []
    conditions_of = merge_write.match_conditions

    def noted(plan: MergePlan) -> list[str]:
        conditions = conditions_of(plan)
        found.extend(conditions)
        return conditions

    with patch.object(merge_write, "match_conditions", noted):
        yield found


def _expect(about: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise Mismatch(f"{about}: {found}, not {wanted}")


def compare(
    name: str,
    found: Sequence[Row],
    wanted: Mapping[Key, Row],
    batches: Sequence[Sequence[Row]] = (),
    key: tuple[str, ...] = (),
) -> None:
    """Compare a table with the model, cell by cell; the first key that differs is told with all that came of it."""
    key_of = (lambda row: tuple(row[n] for n in key)) if key else RULES[name].key_of
    by_key: dict[Key, list[Row]] = {}
    for row in found:
        by_key.setdefault(key_of(row), []).append(row)
    wrong = sorted(k for k in {*by_key, *wanted} if by_key.get(k, []) != ([wanted[k]] if k in wanted else []))
    if not wrong:
        return
    first = wrong[0]
    came = [f"  batch {n}: {row}" for n, batch in enumerate(batches, 1) for row in batch if key_of(row) == first]
    said = (f"{name}: rows differ: {len(wrong)} keys, the first {first}", f"  found {by_key.get(first, [])}",
            f"  wanted {wanted.get(first)}", *came)  # fmt: skip
    raise Mismatch("\n".join(said))
