"""The keys of a mart that changed rows reach: both images, and joins on the tables as they were and as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from lakehouse.contracts.mart_graph import Mart, Reach
from lakehouse.lake.changed_rows import Span, file_changes
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.paths import delta_name
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import ModelError, register_table, register_version
from lakehouse.transform import mart_cost, mart_keys
from lakehouse.transform.mart_changes import Change, Pending
from lakehouse.transform.mart_key_types import other_types
from lakehouse.transform.mart_keys import ChangedKeys, ChangedRows, changed_keys, planned_keys

LINES, KINDS = "silver.lines", "silver.kinds"
DIRECT = Reach("SELECT string(kind_id) AS `kind` FROM changed")
OF_LINES = Reach(f"select coalesce(kinds.kind, 'none') as kind from changed left join {KINDS} as kinds using (kind_id)")
OF_KINDS = Reach(
    "select coalesce(kinds.kind, 'none') as kind from (select distinct kind_id from changed) as touched "
    f"join {LINES} as lines using (kind_id) left join {KINDS} as kinds using (kind_id)"
)


@pytest.fixture
def place(context: Context, spark: SparkSession) -> Iterator[Context]:
    """Lines of kinds 1 (red), 2 (blue) and 3 (unknown), a mart by kind; then changes, as each test makes them."""
    lines, kinds = (delta_name(context.lake.table("silver", name)) for name in ("lines", "kinds"))
    rows = "values ('a', 1), ('b', 2), ('c', 3) as t(id, kind_id)"
    spark.sql(f"create table {lines} using delta as select * from {rows}")
    spark.sql(f"create table {kinds} using delta as select * from values (1, 'red'), (2, 'blue') as t(kind_id, kind)")
    spark.sql(f"create table {delta_name(context.lake.table('marts', 'by_kind'))} (kind string) using delta")
    register_table(spark, "marts", "by_kind", context.lake.table("marts", "by_kind"))
    yield context
    for schema in ("silver", "marts"):
        spark.sql(f"drop database if exists {schema} cascade")


def keys(context: Context, reach: dict[str, Reach], *statements: str) -> list[str] | str:
    """The keys that some statements on silver reach; or why everything is recomputed."""
    spark, lake = context.spark(), context.lake
    before = {table: table_version(lake.table(*table.split("."))) for table in (LINES, KINDS)}
    for statement in statements:
        names = {name: delta_name(lake.table("silver", name)) for name in ("lines", "kinds")}
        spark.sql(statement.format_map(names))
    changes = {}
    for table, version in before.items():
        path = lake.table(*table.split("."))
        span = Span(path, version, table_version(path))
        register_version(spark, "silver", table.removeprefix("silver."), path, span.after)
        files = file_changes(span)
        assert files is not None
        if not files.none:
            changes[table] = Change(span, files)
    mart = Mart("by_kind", "by_kind.sql", ("kind",), (KINDS, LINES), reach)
    found = changed_keys(context, Pending(mart, 0, {}, before, None, changes), ChangedRows(spark))
    if not isinstance(found, ChangedKeys):
        return found
    listed = sorted(row.kind for row in spark.table(found.view).collect())
    assert len(listed) == found.number
    return listed


def planned(context: Context, reach: dict[str, Reach]) -> ChangedKeys:
    """What `check --deep` finds of some queries, on the tables as they are."""
    for table in (LINES, KINDS):
        register_table(context.spark(), *table.split("."), context.lake.table(*table.split(".")))
    return planned_keys(context, Mart("by_kind", "by_kind.sql", ("kind",), (KINDS, LINES), reach))


def test_a_row_that_moves_reaches_the_key_that_it_left_and_the_one_it_came_to(place: Context) -> None:
    assert keys(place, {LINES: DIRECT, KINDS: DIRECT}, "update {lines} set kind_id = 2 where id = 'a'") == ["1", "2"]


def test_a_null_is_no_key_and_no_change_reaches_none(place: Context) -> None:
    assert keys(place, {LINES: DIRECT, KINDS: DIRECT}, "insert into {lines} values ('d', null)") == []


def test_a_line_and_its_kind_that_change_at_once_reach_the_kind_of_before(place: Context) -> None:
    """The line leaves kind 1 while kind 1 becomes green: red is known to the tables of before alone."""
    reach = {LINES: OF_LINES, KINDS: OF_KINDS}
    both = ("update {lines} set kind_id = 2 where id = 'a'", "update {kinds} set kind = 'green' where kind_id = 1")
    assert keys(place, reach, *both) == ["blue", "green", "red"]


def test_a_kind_that_comes_late_reaches_the_lines_that_had_none(place: Context) -> None:
    assert keys(place, {LINES: OF_LINES, KINDS: OF_KINDS}, "insert into {kinds} values (3, 'pink')") == ["none", "pink"]


def test_many_keys_are_kept_by_spark_and_bounded_by_a_range(place: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mart_keys, "LISTED", 1)
    found = keys(place, {LINES: DIRECT, KINDS: DIRECT}, "update {lines} set kind_id = 9 where id <> 'c'")
    assert found == ["1", "2", "9"]


@pytest.mark.parametrize(("others", "found"), [(0, "2 keys changed, and it has 2 rows"), (98, ["1", "2"])])
def test_where_most_keys_changed_every_row_is_recomputed(
    place: Context, others: int, found: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mart_cost, "WORTH_CHOOSING", 0)
    mart = delta_name(place.lake.table("marts", "by_kind"))
    place.spark().sql(f"insert into {mart} select cast(id as string) from range(1, {others + 3})")
    assert keys(place, {LINES: DIRECT, KINDS: DIRECT}, "update {lines} set kind_id = 2 where id = 'a'") == found


def test_a_query_that_cannot_be_run_names_the_mart_and_its_file(place: Context) -> None:
    with pytest.raises(ModelError, match=r"dbt: meta.reach of by_kind \(by_kind.sql\): .*UNRESOLVED_COLUMN"):
        keys(place, {LINES: Reach("select kinf as kind from changed"), KINDS: DIRECT}, "delete from {lines}")


def test_a_query_may_end_in_a_comment(place: Context) -> None:
    reach = Reach("select string(kind_id) as kind from changed -- by its number")
    assert keys(place, {LINES: reach, KINDS: DIRECT}, "update {lines} set kind_id = 2 where id = 'a'") == ["1", "2"]


def test_keys_of_another_type_are_refused_with_and_without_a_change(place: Context) -> None:
    """Cast in silence, none of them would equal a key of the mart, and the change would be lost."""
    lengths = {LINES: Reach("select length(id) as kind from changed"), KINDS: Reach("select kind from changed")}
    says = r"meta.reach of by_kind \(by_kind.sql\): silver.lines gives kind as int, the mart's is string, and no row"
    with pytest.raises(ModelError, match=says):
        keys(place, lengths, "update {lines} set kind_id = 2 where id = 'a'")
    with pytest.raises(ModelError, match=says):
        planned(place, lengths)


def test_without_a_change_a_query_is_planned_as_with_one(place: Context) -> None:
    assert planned(place, {LINES: OF_LINES, KINDS: OF_KINDS}).number == 0
    with pytest.raises(ModelError, match="UNRESOLVED_COLUMN"):
        planned(place, {LINES: OF_LINES, KINDS: Reach("select kinf as kind from changed")})


@pytest.mark.parametrize(
    ("found", "stored", "says"),
    [
        ("k timestamp", "K date", None),
        ("k bigint", "k int", None),
        ("k varchar(3)", "k string", None),
        ("k string", "k date", "gives k as string, the mart's is date"),
        ("k boolean", "k int", "gives k as boolean, the mart's is int"),
        ("k int", "other int", "gives k, and the mart has no such column"),
    ],
)
def test_types_whose_values_equal_one_another_may_differ(found: str, stored: str, says: str | None) -> None:
    refused = other_types(StructType.fromDDL(found), StructType.fromDDL(stored), ("k",))
    assert refused is None if says is None else str(refused).startswith(says)
