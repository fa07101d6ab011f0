"""Which keys of a mart the changed rows of what it reads can reach.

A query that joins the changed rows with other tables is asked twice, on the tables as the mart shows them and as they
are now: a row that left its place and the version that put it there can both have changed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.mart_graph import CHANGED, Mart
from lakehouse.lake.changed_rows import IMAGE, NEW, changed_rows
from lakehouse.lake.paths import delta_name, sql_text
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import ModelError, known_text, register_version
from lakehouse.runtime.machine import foreseen
from lakehouse.transform.mart_changes import Change, Pending
from lakehouse.transform.mart_cost import why_not_recompute
from lakehouse.transform.mart_key_types import other_types

LISTED = 50_000
"""So many keys become part of the plans that read them; more are kept by Spark."""
VALUES = 100
"""So many values of a column are listed in a condition; more become a range."""

Bounds = Mapping[str, Sequence[Sequence[str]]]
"""By key column, the ranges (two SQL literals each) that hold all of its changed values."""


@dataclass(frozen=True)
class ChangedKeys:
    """The changed keys of a mart as a view of the session. bounds: literals, by which Delta and Spark skip files."""

    view: str
    number: int
    bounds: Bounds = field(default_factory=dict)

    @property
    def hint(self) -> str:
        """The hint of a query that looks the keys up: few are sent to every task."""
        return f"/*+ broadcast({CHANGED}) */" if self.number <= LISTED else ""

    @property
    def variables(self) -> dict[str, Any]:
        """What the macros of dbt get of them."""
        return {"view": self.view, "number": self.number, "bounds": self.bounds, "hint": self.hint}

    def condition(self, alias: str = "") -> str:
        """What holds for every changed key, in literals."""
        return condition_of(self.bounds, alias) if self.number else "1 = 0"


def condition_of(bounds: Bounds, alias: str = "") -> str:
    """The condition that columns lie in their ranges; single values are listed."""
    return " AND ".join(_in_ranges(f"{alias}`{column}`", ranges) for column, ranges in bounds.items()) or "1 = 1"


def _in_ranges(column: str, ranges: Sequence[Sequence[str]]) -> str:
    single = [low for low, high in ranges if low == high]
    parts = [f"{column} IN ({', '.join(single)})"] if single else []
    parts += [f"{column} BETWEEN {low} AND {high}" for low, high in ranges if low != high]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


class ChangedRows:
    """The changed rows of each table, read once for all marts that were built from the same version."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._known: dict[Any, DataFrame | None] = {}

    def of(self, change: Change) -> DataFrame | None:
        """Old and new images; None where files of the earlier version are gone."""
        if change.span not in self._known:
            rows = changed_rows(self._spark, change.span, change.files)
            if rows is not None and change.files.gone and change.files.come:
                rows = rows.localCheckpoint()  # the comparison of both sides, which every mart would make again
            self._known[change.span] = rows
        return self._known[change.span]


def changed_keys(context: Context, pending: Pending, rows: ChangedRows) -> ChangedKeys | str:
    """The keys that a build recomputes; or why it must recompute everything."""
    found: list[DataFrame] = []
    with _of_reach(context, pending.mart):
        for table, change in pending.changes.items():
            images = rows.of(change)
            if images is None:
                return f"files of {table} version {change.span.before} are gone"
            found += _reached(context, pending, table, images)
        keys = _as_view(context.spark(), pending.mart, found)
        return why_not_recompute(context.lake, pending.mart, keys.number) or keys


def planned_keys(context: Context, mart: Mart) -> ChangedKeys:
    """The keys that no changed row reaches; raises ModelError where a query of meta.reach would fail at a change."""
    spark, found = context.spark(), []
    with _of_reach(context, mart):
        for table, reach in mart.reach.items():
            if reach.query is not None:
                images = spark.table(table).where("false").withColumn(IMAGE, F.lit(NEW))
                found.append(_asked(spark, mart, table, images))
        return _as_view(spark, mart, found)


@contextmanager
def _of_reach(context: Context, mart: Mart) -> Iterator[None]:
    """What Spark refuses in it is an error of the mart's meta.reach."""
    try:
        yield
    except PySparkException as error:
        if refused := foreseen(error):
            raise refused from None
        raise _reach_error(mart, known_text(context, str(error))) from None


def _reach_error(mart: Mart, reason: str) -> ModelError:
    return ModelError(f"meta.reach of {mart.name} ({mart.file})", reason, 0)


def _reached(context: Context, pending: Pending, table: str, images: DataFrame) -> list[DataFrame]:
    spark, mart = context.spark(), pending.mart
    keys = [_asked(spark, mart, table, images)]
    if mart.reach[table].reads_others:
        # Spark binds a query to versions and views when it is given, and runs all of them together later.
        with _as_shown(spark, pending):
            keys.append(_asked(spark, mart, table, images))
    return keys


def _asked(spark: SparkSession, mart: Mart, table: str, images: DataFrame) -> DataFrame:
    """The keys that a table's changed rows reach, in types that equal the mart's."""
    query = mart.reach[table].query
    assert query is not None
    images.createOrReplaceTempView(CHANGED)
    keys = spark.sql(_typed(mart, query))
    if refused := other_types(keys.schema, spark.table(mart.full_name).schema, mart.keys):
        raise _reach_error(mart, f"{table} {refused}")
    return keys


def _typed(mart: Mart, query: str) -> str:
    """The query with its result as distinct keys; a key that is null in part is no row of the mart."""
    names = ", ".join(f"`{key}`" for key in mart.keys)
    known = " AND ".join(f"`{key}` IS NOT NULL" for key in mart.keys)
    return f"SELECT DISTINCT {names} FROM ({query}\n) WHERE {known}"  # the query may end in a comment


@contextmanager
def _as_shown(spark: SparkSession, pending: Pending) -> Iterator[None]:
    """The tables that changed as the mart shows them."""
    try:
        for table, change in pending.changes.items():
            _register(spark, table, change, change.span.before)
        yield
    finally:
        for table, change in pending.changes.items():
            _register(spark, table, change, change.span.after)


def _register(spark: SparkSession, table: str, change: Change, version: int) -> None:
    layer, _, name = table.partition(".")
    if version >= 0:
        register_version(spark, layer, name, change.span.path, version)
    else:
        rows = f"SELECT * FROM {delta_name(change.span.path)} VERSION AS OF {change.span.after} WHERE false"
        spark.sql(f"CREATE OR REPLACE VIEW {table} AS {rows}")


def _as_view(spark: SparkSession, mart: Mart, found: Sequence[DataFrame]) -> ChangedKeys:
    """The keys of all queries together, in the types of the mart's own columns, as a view."""
    view, stored = f"{CHANGED}_{mart.name}", spark.table(mart.full_name)
    types = [f"CAST(`{key}` AS {stored.schema[key].dataType.simpleString()}) AS `{key}`" for key in mart.keys]
    keys = reduce(DataFrame.union, found).selectExpr(*types).distinct()
    listed = keys.limit(LISTED + 1).toArrow()
    if listed.num_rows <= LISTED:
        # Arrow's rows become part of the plan, whereas a list would be read by a Python worker at each use of the view.
        spark.createDataFrame(listed).createOrReplaceTempView(view)
        return ChangedKeys(view, listed.num_rows, bounds_of(listed))
    kept = keys.localCheckpoint()
    kept.createOrReplaceTempView(view)
    ends = ", ".join(f"min(`{key}`) AS `{key}`" for key in mart.keys), ", ".join(f"max(`{key}`)" for key in mart.keys)
    number, *values = spark.sql(f"SELECT count(*), {ends[0]}, {ends[1]} FROM {view}").first() or (0,)
    half = len(mart.keys)
    pairs = zip(mart.keys, values[:half], values[half:], strict=True)
    return ChangedKeys(view, number, _written({key: [(low, high)] for key, low, high in pairs}))


def bounds_of(keys: pa.Table) -> dict[str, list[list[str]]]:
    """The ranges of each column of some keys."""
    return _written({name: _ranges(keys.column(name).unique().to_pylist()) for name in keys.column_names})


def _ranges(values: list[Any]) -> list[tuple[Any, Any]]:
    """A range a month for days; single values where they are few, else one range."""
    ordered = sorted(values)
    if ordered and type(ordered[0]) is date:
        months: dict[tuple[int, int], list[date]] = {}
        for day in ordered:
            months.setdefault((day.year, day.month), []).append(day)
        return [(days[0], days[-1]) for days in months.values()]
    if len(ordered) <= VALUES:
        return [(value, value) for value in ordered]
    return [(ordered[0], ordered[-1])]


def _written(ranges: Mapping[str, Sequence[tuple[Any, Any]]]) -> dict[str, list[list[str]]]:
    """As SQL literals; a column of another type bounds nothing."""
    kinds = (str, int, date, datetime)
    return {
        name: [[_literal(low), _literal(high)] for low, high in found]
        for name, found in ranges.items()
        if found and isinstance(found[0][0], kinds) and not isinstance(found[0][0], bool)
    }


def _literal(value: Any) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP'{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE'{value}'"
    return sql_text(value) if isinstance(value, str) else str(value)
