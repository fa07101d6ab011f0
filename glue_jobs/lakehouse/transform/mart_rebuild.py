"""Builds one mart whole on request, after its definition has changed; says first what that changes in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from pyspark.sql import SparkSession

from lakehouse.errors import UnknownNameError
from lakehouse.lake.conflicts import TableBusyError
from lakehouse.runtime.context import Context
from lakehouse.transform.mart_candidate import Candidate, Wanted, candidates, replacing
from lakehouse.transform.marts import Run, built_and_tested, pending_marts, register, result_of, said_of, verified
from lakehouse.transform.table_difference import TableDifference, table_difference

BY_HAND = "rebuilt by hand"


def rebuild_mart(context: Context, name: str, agreed: Callable[[TableDifference], bool]) -> bool:
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


def _difference(spark: SparkSession, candidate: Candidate) -> TableDifference:
    old = spark.read.format("delta").load(candidate.live) if candidate.base >= 0 else None
    return table_difference(old, spark.read.format("delta").load(candidate.path))
