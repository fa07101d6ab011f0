"""A mart's candidate: out of readers' sight, shown by one commit, given up when another build was first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.mart_graph import Mart
from lakehouse.lake.delta_log import existing_table, table_version
from lakehouse.lake.paths import delta_name
from lakehouse.publish.engine import tables_of
from lakehouse.runtime.context import Context
from lakehouse.transform.mart_candidate import Candidate, Wanted, candidates, merging, replacing
from lakehouse.transform.mart_keys import ChangedKeys, bounds_of
from tests.helpers.lakes import FACT

MART = Mart(FACT, f"dbt/models/marts/{FACT}.sql", ("dt", "store_id"), ("silver.erp_orders",), {})
ROWS = "(date'2026-10-11', 'S001', null), (date'2026-10-12', 'S001', 2), (date'2026-11-01', 'S002', 3)"
PAIRS = [(date(2026, 10, 11), "S001"), (date(2026, 10, 12), "S001"), (date(2026, 10, 12), "S002")]


def keys(pairs: list[tuple[date, str]], view: str = "changed_pairs") -> ChangedKeys:
    columns = {"dt": [day for day, _ in pairs], "store_id": [store for _, store in pairs]}
    return ChangedKeys(view, len(pairs), bounds_of(pa.table(columns)))


@pytest.fixture
def place(context: Context, spark: SparkSession) -> Iterator[Context]:
    """A lake with a fact of three rows, one of them with a null, and the changed pairs as a view."""
    spark.sql(
        f"create table {delta_name(context.lake.table('marts', FACT))} using delta partitioned by (month) "
        "tblproperties ('lakehouse.clusterBy' = 'dt,store_id') as "
        f"select *, date_format(dt, 'yyyy-MM') as month from values {ROWS} as t(dt, store_id, orders)"
    )
    pairs = ", ".join(f"(date'{day}', '{store}')" for day, store in PAIRS)
    spark.sql(f"create or replace temp view changed_pairs as select * from values {pairs} as t(dt, store_id)")
    yield context
    spark.sql("drop database if exists marts cascade")


def copy(base: int) -> list[Wanted]:
    return [Wanted(MART, base, copied=True)]


def built(candidate: Candidate, orders: int) -> str:
    """Recompute one pair, drop one, add one; the statement that shows it."""
    name = f"marts.{FACT}"
    candidate.spark.sql(f"update {name} set orders = {orders} where dt = date'2026-10-11'")
    candidate.spark.sql(f"delete from {name} where dt = date'2026-10-12'")
    candidate.spark.sql(f"insert into {name} values (date'2026-10-12', 'S002', null, '2026-10')")
    return merging(candidate, keys(PAIRS))


def stored(context: Context) -> list[tuple[str, str, int | None]]:
    rows = context.spark().read.format("delta").load(context.lake.table("marts", FACT)).orderBy("dt", "store_id")
    return [(str(row.dt), row.store_id, row.orders) for row in rows.collect()]


def test_only_what_differs_is_shown_in_one_commit_that_says_which_silver(place: Context) -> None:
    before, path = stored(place), place.lake.table("marts", FACT)
    november = {uri for uri in existing_table(path).file_uris() if "2026-11" in uri}
    with candidates(place, copy(0)) as [candidate]:
        statement = built(candidate, 9)
        assert stored(place) == before
        assert [name for layer, name in tables_of(place.lake) if layer == "marts"] == [FACT]
        assert candidate.show(statement, {"silver_versions": {"erp_orders": 7}})
    assert stored(place) == [("2026-10-11", "S001", 9), ("2026-10-12", "S002", None), ("2026-11-01", "S002", 3)]
    (commit,) = existing_table(path).history(1)
    assert (commit["version"], commit["operation"]) == (1, "MERGE")
    assert json.loads(commit["userMetadata"])["silver_versions"] == {"erp_orders": 7}
    assert november <= set(existing_table(path).file_uris())
    assert not Path(candidate.folder).exists()


def test_the_second_of_two_builds_from_one_version_is_given_up(place: Context) -> None:
    with candidates(place, copy(0)) as [first]:
        of_first = built(first, 1)
        with candidates(place, copy(0)) as [second]:
            of_second = built(second, 2)
            assert first.show(of_first, {"by": 2})
            assert not second.show(of_second, {"by": 1})
            assert not second.show(replacing(second), {"by": 1})
    assert stored(place)[0] == ("2026-10-11", "S001", 1)
    assert table_version(place.lake.table("marts", FACT)) == 1
    with candidates(place, copy(1)) as [third]:
        assert third.show(replacing(third), {"by": 3}), "a build from the newest version"
    about = existing_table(place.lake.table("marts", FACT)).metadata()
    assert about.partition_columns == ["month"]
    assert about.configuration["lakehouse.clusterBy"] == "dt,store_id"


def test_a_build_that_changes_no_row_rewrites_no_file_and_records_its_progress(place: Context) -> None:
    path = place.lake.table("marts", FACT)
    files = set(existing_table(path).file_uris())
    for version, pairs in enumerate((PAIRS, [])):
        with candidates(place, copy(version)) as [candidate]:
            assert candidate.show(merging(candidate, keys(pairs)), {"version": version})
        assert set(existing_table(path).file_uris()) == files


def test_what_a_killed_build_left_goes_a_day_later(place: Context) -> None:
    folder = Path(place.lake.table("marts", ".candidates"))
    now = datetime.now(UTC)
    old, young = (folder / f"{now - timedelta(hours=age):%Y%m%dT%H%M%SZ}-x" for age in (25, 1))
    for left in (old, young):
        left.mkdir(parents=True)
    with candidates(place, copy(0)):
        pass
    assert list(folder.iterdir()) == [young]


def test_the_days_of_a_condition_are_grouped_by_month_and_few_values_are_listed() -> None:
    found = keys([(date(2026, 10, 12), "S001"), (date(2026, 10, 11), "S'1"), (date(2026, 11, 1), "S001")])
    assert found.condition("f.") == (
        "(f.`dt` IN (DATE'2026-11-01') OR f.`dt` BETWEEN DATE'2026-10-11' AND DATE'2026-10-12') "
        "AND f.`store_id` IN ('S\\'1', 'S001')"
    )
    assert keys([]).condition() == "1 = 0"
    many = bounds_of(pa.table({"id": list(range(200)), "ratio": [0.5] * 200}))
    assert many == {"id": [["0", "199"]]}, "a range, and nothing for a column whose literals are not exact"
