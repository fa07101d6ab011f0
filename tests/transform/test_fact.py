"""The fact, built by dbt over small silver tables: in full, by changed pairs and by the lookback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from pyspark.sql import SparkSession

from tests.helpers.small_marts import SilverAndMarts, assert_passed, event, lead, metrics, options, order, version

MARCH, APRIL, LONG_AGO = date(2026, 3, 31), date(2026, 4, 1), date(2026, 1, 15)
SCHEMAS = ("silver", "staging", "marts")

PRICE_CHANGE = datetime(2026, 4, 1, 12)
PRODUCTS = [
    version("P1", "4.00", datetime(2026, 3, 31, 18), PRICE_CHANGE),
    version("P1", "5.00", PRICE_CHANGE, None),
]
ORDERS = [
    order("O1/1", MARCH, "S001", "P1", 2, "10.00", discount="1.00", customer="C1"),  # before the first version
    order("O1/2", MARCH, "S001", "P1", 1, "20.00", "returned", discount="5.00", customer="C1"),
    order("O2/1", APRIL, "S001", "P1", 3, "10.00", customer="C1", hour=11),
    order("O2/2", APRIL, "S001", "P1", 1, "10.00", customer="C2", hour=12),  # at the very moment of the change
    order("O3/1", APRIL, "S001", "P9", 1, "0.01"),  # unknown product, no customer
    order("O4/1", APRIL, "S002", "P1", 7, "10.00", "cancelled", customer="C1"),
    order("O5/1", APRIL, "S005", "P1", 7, "10.00", deleted=True),
    order("O6/1", LONG_AGO, "S001", "P9", 1, "3.00", customer="C1"),
]
LEADS = [
    lead("L1", MARCH, "S003", "converted"),
    lead("L2", MARCH, "S003", "lost"),
    lead("L3", MARCH, "S004", "new", deleted=True),
]
EVENTS = [
    event("E1", "V1", APRIL, "S001", "page_view"),
    event("E2", "V1", APRIL, "S001", "purchase"),
    event("E3", "V2", APRIL, "S001", "add_to_cart"),
    event("E4", "V3", APRIL, "S001", "checkout"),
]
OLD_ROW = metrics(LONG_AGO, "S001", orders=1, units=1, gross_revenue="3.00", net_revenue="3.00",
                  lines_without_cost=1, gross_margin="3.00", customers=1, average_order_value="3")  # fmt: skip
MARCH_ROWS = [
    metrics(MARCH, "S001", orders=1, units=2, gross_revenue="40.00", discounts="6.00", returns="15.00",
            net_revenue="19.00", cost_of_goods="8.00", gross_margin="11.00", customers=1,
            average_order_value="19"),
    metrics(MARCH, "S003", leads_created=2, leads_converted=1),
]  # fmt: skip
APRIL_S001 = metrics(
    APRIL, "S001", orders=2, units=5, gross_revenue="40.01", net_revenue="40.01", cost_of_goods="17.00",
    lines_without_cost=1, gross_margin="23.01", customers=2, average_order_value="20.005", sessions=3,
    page_views=1, add_to_carts=1, checkouts=1, purchases=1, conversion_rate="0.333333",
)  # fmt: skip
APRIL_S002 = metrics(APRIL, "S002")  # a cancelled line only: a row of zeros, its ratios null


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The project, parsed once for all the lakes of this module, as a job does for all its runs."""
    done = dbtRunner().invoke(["parse", *options(tmp_path_factory.mktemp("parsed"))])
    assert done.success, done.exception
    return done.result


@pytest.fixture(scope="module")
def built_once(
    spark: SparkSession, manifest: Manifest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SilverAndMarts]:
    """The four silver tables as written above, and all that dbt builds and tests of them.

    The views of staging name silver's tables, so they read those of a copy once the catalogue has its places.
    """
    ansi = spark.conf.get("spark.sql.ansi.enabled")
    for schema in SCHEMAS:
        spark.sql(f"drop database if exists {schema} cascade")
        spark.sql(f"create database {schema}")
    tables = SilverAndMarts(spark, tmp_path_factory.mktemp("built"), manifest)
    for name, rows in (("erp_orders", ORDERS), ("crm_leads", LEADS), ("web_events", EVENTS), ("products", PRODUCTS)):
        tables.write(name, rows)
    assert_passed(tables.dbt("build"))
    yield tables
    for schema in SCHEMAS:
        spark.sql(f"drop database if exists {schema} cascade")
    spark.conf.set("spark.sql.ansi.enabled", str(ansi))


@pytest.fixture
def built(built_once: SilverAndMarts, tmp_path: Path) -> SilverAndMarts:
    """A copy of each test's own, in the place of the tables that the catalogue knew."""
    return built_once.copied_to(tmp_path / "lake")


def test_a_full_build_passes_every_test_and_can_be_repeated_in_place(built: SilverAndMarts) -> None:
    lake = built
    expected = [OLD_ROW, *MARCH_ROWS, APRIL_S001, APRIL_S002]
    lake.assert_fact(*expected)
    detail = lake.spark.sql(f"describe detail delta.`{lake.path}`").first()
    assert detail is not None
    assert detail.partitionColumns == ["month"]
    assert detail.minReaderVersion == 1

    lake.build("--full-refresh")
    lake.spark.sql("drop table marts.fct_daily_store_metrics")  # a catalogue that has forgotten the table
    lake.build()
    lake.assert_fact(*expected)
    assert [operation for operation, _ in lake.history()] == ["CREATE OR REPLACE TABLE AS SELECT"] * 3


def test_exactly_the_changed_pairs_are_replaced_in_one_merge(built: SilverAndMarts) -> None:
    corrected = order("O2/1", APRIL, "S001", "P1", 3, "20.00", "cancelled", customer="C1", hour=11)
    moved = order("O4/1", LONG_AGO, "S002", "P1", 7, "10.00", "cancelled", customer="C1")
    unlisted = order("O1/1", MARCH, "S001", "P1", 99, "10.00", customer="C1")
    built.write("erp_orders", [unlisted, ORDERS[1], corrected, *ORDERS[3:5], moved, ORDERS[7]])

    changed = built.mark_changed((APRIL, "S001"), (APRIL, "S002"), (LONG_AGO, "S002"), (MARCH, "S003"))
    built.build(changed=changed)

    after = metrics(
        APRIL, "S001", orders=2, units=2, gross_revenue="10.01", net_revenue="10.01", cost_of_goods="5.00",
        lines_without_cost=1, gross_margin="5.01", customers=1, average_order_value="5.005", sessions=3,
        page_views=1, add_to_carts=1, checkouts=1, purchases=1, conversion_rate="0.333333",
    )  # fmt: skip
    built.assert_fact(OLD_ROW, *MARCH_ROWS, after, metrics(LONG_AGO, "S002"))
    operations = built.history()
    assert [operation for operation, _ in operations] == ["CREATE OR REPLACE TABLE AS SELECT", "MERGE"]
    merge = operations[-1][1]
    assert merge["numTargetRowsUpdated"] == 1
    assert merge["numTargetRowsDeleted"] == 1
    assert merge["numTargetRowsInserted"] == 1
    assert merge["numTargetFilesRemoved"] == 1, "March, named but equal, and January, added to, keep their files"


def test_pairs_that_did_not_change_rewrite_nothing(built: SilverAndMarts) -> None:
    files = set(built.fact().inputFiles())
    for pairs in ([(APRIL, "S001"), (MARCH, "S009")], []):
        built.build(changed=built.mark_changed(*pairs))
        assert set(built.fact().inputFiles()) == files
        assert len(built.history()) == 1


def test_a_run_by_hand_recomputes_the_last_days_only(built: SilverAndMarts) -> None:
    older = order("O6/1", LONG_AGO, "S001", "P9", 5, "3.00", customer="C1")
    built.write("erp_orders", [*ORDERS[:5], older])  # S002's only line is gone
    day_before = lead("L9", MARCH - timedelta(days=1), "S003", "new")
    built.write("crm_leads", [lead("L1", MARCH, "S003", "lost"), day_before])

    built.build(lookback_days=2)

    built.assert_fact(OLD_ROW, MARCH_ROWS[0], metrics(MARCH, "S003", leads_created=1), APRIL_S001)
    operation, merge = built.history()[-1]
    assert operation == "MERGE"
    assert (merge["numTargetRowsUpdated"], merge["numTargetRowsDeleted"]) == (1, 1)


def test_a_damaged_fact_fails_its_test(built: SilverAndMarts) -> None:
    fact = "marts.fct_daily_store_metrics"
    built.spark.sql(f"update {fact} set net_revenue = net_revenue + 1 where dt = '{MARCH}' and store_id = 'S001'")
    built.spark.sql(f"update {fact} set gross_revenue = null where dt = '{MARCH}' and store_id = 'S003'")
    built.spark.sql(f"insert into {fact} select * from {fact} where store_id = 'S002'")
    (result,) = built.results("test", "--select", "assert_daily_store_metrics_agree")
    assert result.failures == 4, "wrong sum, null, and both copies of the doubled row"


def test_ratios_are_rounded_half_up_from_the_exact_quotient(spark: SparkSession, tmp_path: Path) -> None:
    cents = [0, 1, 5, 37, 10**13 + 1, 99_999_999_999_999, *range(1, 4_000, 13)]
    counts = [1, 3, 7, 64, 2_000, 16_384, 1_000_003, 800_000_007]
    pairs = [(Decimal(cent).scaleb(-2), count) for cent in cents for count in counts]
    spark.createDataFrame(pairs, "amount decimal(18,2), number bigint").createOrReplaceTempView("pairs")
    query = "select amount, number, {{ ratio('amount', 'number') }} as ratio from pairs"
    compiled = dbtRunner().invoke(["compile", "--inline", query, *options(tmp_path), "--no-populate-cache"])
    rows = spark.sql(compiled.result.results[0].node.compiled_code).collect()
    assert len(rows) == len(pairs)
    for amount, number, ratio in rows:
        millionths = (amount * 10**6 * 2 // number + 1) // 2  # halves go up
        assert ratio == millionths.scaleb(-6), (amount, number)
