"""What a merge may read and rewrite: a table's files before and after, held against what became of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from lakehouse.lake.delta_log import open_table
from lakehouse.transform.merge import MergeResult
from tests.model.model import Key, Outcome, Row, Rules


class Mismatch(AssertionError):  # noqa: N818 - it is what the tests expect, not an error of the tests
    """A table is not what the model says, or a merge did more than it may."""


@dataclass(frozen=True)
class File:
    """One data file: its partition, and the smallest and the greatest leading key in it."""

    path: str
    partition: Key
    low: str
    high: str


@dataclass(frozen=True)
class Footprint:
    """The version and the files of a table at some moment; version -1 when there is none."""

    rules: Rules
    version: int
    files: frozenset[File]

    def check(self, about: str, result: MergeResult, outcome: Outcome, after: Footprint, batch: Sequence[Row]) -> None:
        """Compare what a merge did to the files with what it may do; self is the table before it."""
        removed, added = self.files - after.files, after.files - self.files
        if (len(added), len(removed)) != (result.files_added, result.files_removed):
            said = f"{result.files_added} added and {result.files_removed} removed"
            raise Mismatch(f"{about}: files: {said} are said, {len(added)} and {len(removed)} are so")
        if not outcome.news and (added or removed):
            raise Mismatch(f"{about}: files: a batch without news changed {len(added) + len(removed)}")
        if strangers := {file.partition for file in removed} - outcome.losing:
            raise Mismatch(f"{about}: files: rewritten in {strangers}, where no row was replaced")
        low, high = self._bounds(batch)
        reached = sum(low <= file.high and file.low <= high for file in self.files)
        if result.files_scanned > reached:
            raise Mismatch(f"{about}: files: {result.files_scanned} were read, {reached} can hold a key")

    def check_literals(
        self, about: str, rows: Sequence[Row], outcome: Outcome, batch: Sequence[Row], conditions: Sequence[str]
    ) -> None:
        """The MERGE's literals, for Delta prunes by nothing else: they let in partitions with replaced rows alone."""
        if not conditions or not rows:
            return
        low, high = self._bounds(batch)
        literals = [condition.replace("`", '"') for condition in conditions if "s." not in condition]
        names = [name for name in (self.rules.partition, self.rules.key[0]) if name]
        t = pa.table({name: [row[name] for row in rows] for name in names})
        with duckdb.connect() as connection:
            connection.register("t", t)
            query = f"SELECT DISTINCT {', '.join(names)} FROM t WHERE {' AND '.join(literals) or 'true'}"
            let_in = connection.execute(query).fetchall()
        strangers = {row[:-1] for row in let_in} - outcome.losing
        if strangers:
            raise Mismatch(f"{about}: the MERGE reads partitions without a replaced row: {sorted(strangers)}")
        if keys := [row[-1] for row in let_in if not low <= row[-1] <= high]:
            raise Mismatch(f"{about}: the MERGE reads keys beyond those of the batch: {sorted(keys)}")

    def _bounds(self, batch: Sequence[Row]) -> tuple[str, str]:
        keys = [row[self.rules.key[0]] for row in batch]
        return min(keys), max(keys)


def footprint(path: str, rules: Rules) -> Footprint:
    """Read a table's log."""
    table = open_table(path)
    if table is None:
        return Footprint(rules, -1, frozenset())
    names = [f"partition.{rules.partition}"] if rules.partition else []
    actions = pa.table(table.get_add_actions(flatten=True)).select(
        ["path", *names, f"min.{rules.key[0]}", f"max.{rules.key[0]}"]
    )
    rows = zip(*(column.to_pylist() for column in actions.columns), strict=True)
    return Footprint(rules, table.version(), frozenset(File(row[0], row[1:-2], *row[-2:]) for row in rows))
