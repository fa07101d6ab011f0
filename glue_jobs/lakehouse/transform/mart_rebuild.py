"""Builds one mart whole on request, after its definition has changed; says first what that changes in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.errors import UnknownNameError
from lakehouse.lake.conflicts import TableBusyError
from lakehouse.lake.paths import delta_name
from lakehouse.runtime.context import Context
from lakehouse.transform.mart_candidate import Candidate, Wanted, candidates, replacing
from lakehouse.transform.marts import Run, built_and_tested, pending_marts, register, result_of, said_of, verified

BY_HAND = "rebuilt by hand"


@dataclass(frozen=True)
class Sum:
    """What a column adds up to, in the mart that is shown and in the new one; None where it is not there."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class MartDifference:
    """What a rebuild changes. gone, come: rows that only the shown mart has, and only the new one."""

    rows_before: int
    rows_after: int
    gone: int | None
    come: int | None
    sums: tuple[Sum, ...]


def rebuild_mart(context: Context, name: str, agreed: Callable[[MartDifference], bool]) -> bool:
    """Build and test a mart, ask with the difference, and show it in one commit; False where nobody agreed.

    Raises UnknownNameError, what keeps a mart from being shown, or TableBusyError where another build was first.
    """
    started, run = time.monotonic(), Run.of(context)
    found = {one.mart.name: one for one in pending_marts(context, run.marts, run.silver)}
    if name not in found:
        raise UnknownNameError("mart", name, found)
    todo = verified(run, [replace(found[name], whole=BY_HAND, changes={})])
    if run.errors:
        raise run.errors[0]
    register(run, todo)
    with candidates(context, [Wanted(todo[0].mart, todo[0].base, copied=False)]) as [candidate]:
        for error in built_and_tested(run, [candidate], {name: BY_HAND}).values():
            raise error
        if not agreed(_difference(context.spark(), candidate)):
            return False
        done = result_of(todo[0], BY_HAND, started)
        if not candidate.show(replacing(candidate), said_of(todo[0], done)):
            raise TableBusyError(todo[0].mart.full_name)
    return True


def _difference(spark: SparkSession, candidate: Candidate) -> MartDifference:
    new = spark.table(candidate.mart.full_name)
    numbers = [field.name for field in new.schema if _is_number(field.dataType.typeName())]
    after = _totals(spark, candidate.path, numbers)
    if candidate.base < 0:
        sums = tuple(Sum(column, None, after[column]) for column in numbers)
        return MartDifference(0, after["rows"], None, None, sums)
    old = spark.read.format("delta").load(candidate.live)
    kept = [column for column in numbers if column in old.columns]
    before = _totals(spark, candidate.live, kept)
    gone = come = None
    if set(old.columns) == set(new.columns):
        rows = new.select(*old.columns)
        gone, come = old.exceptAll(rows).count(), rows.exceptAll(old).count()
    sums = tuple(Sum(column, before.get(column), after[column]) for column in numbers)
    return MartDifference(before["rows"], after["rows"], gone, come, sums)


def _is_number(kind: str) -> bool:
    return kind in ("byte", "short", "integer", "long", "float", "double") or kind.startswith("decimal")


def _totals(spark: SparkSession, path: str, columns: list[str]) -> dict[str, Any]:
    sums = "".join(f", sum(`{column}`) AS `{column}`" for column in columns)
    row = spark.sql(f"SELECT count(*) AS rows{sums} FROM {delta_name(path)}").first()
    assert row is not None
    return row.asDict()
