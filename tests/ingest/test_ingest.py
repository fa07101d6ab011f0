"""New files become batches, and each of their rows is in bronze or in quarantine exactly once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest import ingest, lines
from lakehouse.ingest.ingest import FileRefusedError, IngestResult, ingest_domain, plan_batches
from lakehouse.ingest.lines import FILE_STEP
from lakehouse.lake.batches import batches_of, to_ingest, to_validate
from lakehouse.lake.files import list_files
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.helpers.lakes import rows, versions
from tests.helpers.quality_deliveries import ORDERS, order

HEADER = "product_id,name,category,list_price,unit_cost,is_active,updated_at\n"
P1 = "P1,Tea,food,3.50,1.00,true,2026-10-12T10:00:00Z\n"
P2 = "P2,Mug,home,,2.00,true,2026-10-12T10:00:00Z\n"  # no price: readable, and for validate to judge
BROKEN = "P3,Pot,home,cheap,5.00,maybe,2026-10-12T10:00:00Z\n"
SHORT = "P4,Pan\n"


@pytest.fixture
def products(context: Context) -> Dataset:
    return context.contracts.dataset("products")


def put(folder: str | Path, **files: str) -> Path:
    """Write files called <name>.csv into a folder."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (Path(folder) / f"{name}.csv").write_text(text)
    return Path(folder)


def assert_rows(found: DataFrame, schema: str, *expected: tuple[Any, ...]) -> None:
    frame = found.sparkSession.createDataFrame(expected, schema)
    columns = [f"cast({field.name} as {field.dataType.simpleString()}) {field.name}" for field in frame.schema]
    assert_df_equality(
        found.selectExpr(*columns), frame, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True
    )


def test_the_plan_of_batches(context: Context, products: Dataset) -> None:
    folder = put(context.lake.landing("products"), products_a=HEADER + P1, products_b=HEADER, products_c="")
    put(folder, products_x="product_id,name\nP1,Tea\nP2,\n\n", products_y=HEADER.replace("name", "product_id"))

    def plan() -> list[tuple[Any, ...]]:
        plan_batches(context, products, list_files(str(folder)))
        found = batches_of(context.lake, products)
        return [(b.batch_id, b.state, [file.name for file in b.files], b.rows_in_file, b.reason) for b in found]

    missing = "required columns category, list_price, unit_cost, is_active, updated_at missing; found product_id, name"
    missing += "; wanted product_id, name, category, list_price, unit_cost, is_active, updated_at"
    first = plan()
    assert first[0] == (1, "refused", ["products_x.csv"], 2, missing)
    assert first[1][:4] == (2, "refused", ["products_y.csv"], 0)
    assert first[2:] == [(3, "planned", ["products_a.csv", "products_b.csv", "products_c.csv"], 0, None)]
    assert plan() == first
    put(folder, products_b=HEADER + P2)
    assert plan() == [*first, (4, "planned", ["products_b.csv"], 0, None)]
    assert [batch.batch_id for batch in to_ingest(context.lake, products)] == [3, 4]
    assert to_validate(context.lake, products) == []


def test_every_row_is_in_bronze_or_in_quarantine(context: Context, products: Dataset, spark: SparkSession) -> None:
    lake, contract = context.lake, context.contracts.of("products")
    folder = put(
        lake.landing("products"), products_a=HEADER + P1 + BROKEN + P2 + SHORT, products_b=HEADER, products_c=""
    )
    put(folder / "1", products_a=HEADER + P1)
    assert ingest_domain(context, contract) == [IngestResult("products", 1, 4, rows_readable=3, rows_unreadable=2)]

    found = spark.read.format("delta").load(lake.bronze("products"))
    assert_rows(
        found,
        "product_id string, list_price string, _source_file string, _batch_id bigint",
        ("P1", "3.50", "1/products_a.csv", 1),
        ("P1", "3.50", "products_a.csv", 1),
        ("P2", None, "products_a.csv", 1),
    )
    bad = spark.read.format("delta").load(lake.quarantine("products"))
    rules = ["list_price_is_decimal_12_2", "is_active_is_boolean"]
    assert_rows(
        bad,
        "product_id string, list_price string, is_active string, _raw_text string, _broken_rules array<string>,"
        " _batch_id bigint, _step string, _state string",
        ("P3", "cheap", "maybe", None, rules, 1, "ingest", "open"),
        ("P4", None, None, "P4,Pan", ["row_has_the_columns_of_the_header"], 1, "ingest", "open"),
    )
    assert found.select("_row_id").union(bad.select("_row_id")).distinct().count() == 5
    landed = json.loads(Path(lake.landed("products")).read_text())
    assert landed["columns"] == {"products": sorted(HEADER.strip().split(","))}, "Airflow crawls when one is new"

    before = versions(lake)
    assert ingest_domain(context, contract) == []
    assert versions(lake) == before
    assert [batch.batch_id for batch in to_validate(lake, products)] == [1]


def test_a_refused_file_holds_up_nothing_else(context: Context) -> None:
    lake, contract = context.lake, context.contracts.of("products")
    folder = put(lake.landing("products"), products_a=HEADER + P1, products_b=(HEADER + P2).replace("list_", ""))
    with pytest.raises(FileRefusedError) as caught:
        ingest_domain(context, contract)
    assert (caught.value.domain, caught.value.file) == ("products", "products_b.csv")
    assert "required column list_price missing (list_price renamed to price?); found product_id" in str(caught.value)
    assert "; wanted product_id, name, category, list_price" in str(caught.value)
    landed = "select product_id, list_price is null, _batch_id from bronze.products order by all"
    assert rows(lake, context.contracts, landed) == [("P1", False, 2)]
    assert ingest_domain(context, contract) == []
    put(folder, products_b=HEADER + P2)
    assert ingest_domain(context, contract) == [IngestResult("products", 3, 1, 1, 0)]
    assert rows(lake, context.contracts, landed) == [("P1", False, 2), ("P2", True, 3)]


def test_a_run_that_died_is_taken_up(context: Context, products: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, contract = context.lake, context.contracts.of("products")
    folder = put(lake.landing("products"), products=HEADER + P1 + BROKEN)
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "bronze_rows", lambda rows, dataset: 1 / 0)  # dies between quarantine and bronze
        with pytest.raises(ZeroDivisionError):
            ingest_domain(context, contract)
    assert [batch.batch_id for batch in to_ingest(lake, products)] == [1]
    put(folder, products_late="")  # an empty file, for a later batch
    assert ingest_domain(context, contract) == [
        IngestResult("products", 1, 1, 1, 1),
        IngestResult("products", 2, 1, 0, 0),
    ]
    bad = rows(lake, context.contracts, "select product_id, _batch_id from quarantine.products")
    assert (bad, rows(lake, context.contracts, "select product_id from bronze.products")) == ([("P3", 1)], [("P1",)])


def orders_of_three_sizes(context: Context) -> None:
    """Strictly falling bytes, because Spark packs the largest file first; one of nine rows is unreadable."""

    def line(number: int, pad: int, quantity: str = "1") -> str:
        return order(f"SO-{number}", quantity, customer_id="C" * pad)

    files = {
        "a": [line(n, 400) for n in range(1, 6)],
        "b": [line(n, 300) for n in range(6, 8)],
        "c": [line(8, 10, "two"), line(9, 10)],
    }
    texts = {f"erp_orders_{name}": "\n".join([ORDERS, *lines, ""]) for name, lines in files.items()}
    put(context.lake.landing("erp"), **texts)


def dies_before_bronze(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that ends between quarantine and bronze."""
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "bronze_rows", lambda rows, dataset: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ingest_domain(context, context.contracts.of("erp"))


@pytest.mark.parametrize(
    ("first", "second"),
    [("2", "8"), pytest.param("8", "2", marks=pytest.mark.quality), pytest.param("1", "3", marks=pytest.mark.quality)],
)
def test_a_run_that_died_is_taken_up_by_another_number_of_tasks(
    context: Context, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    """A row's number must not follow from the tasks: quarantine's number of one row was another row's in bronze."""
    conf, lake, contracts = context.spark().conf, context.lake, context.contracts
    orders_of_three_sizes(context)
    try:
        conf.set("spark.sql.files.minPartitionNum", first)  # 2: [a, b], [c]
        dies_before_bronze(context, monkeypatch)
        conf.set("spark.sql.files.minPartitionNum", second)  # 8: [a], [b], [c]
        ingest_domain(context, contracts.of("erp"))
    finally:
        conf.unset("spark.sql.files.minPartitionNum")
    numbers = "select order_id, _row_id from {}.erp_orders order by _row_id"
    assert rows(lake, contracts, numbers.format("bronze")) == [
        *[(f"SO-{n}", n + 1) for n in range(1, 6)],
        *[(f"SO-{n}", FILE_STEP + n - 4) for n in range(6, 8)],
        ("SO-9", 2 * FILE_STEP + 3),
    ]
    assert rows(lake, contracts, numbers.format("quarantine")) == [("SO-8", 2 * FILE_STEP + 2)]
    (result,) = validate_domain(context, contracts.of("erp"))
    assert (result.rows_landed, result.rows_passed) == (9, 8)
    (merged,) = merge_domain(context, contracts.of("erp"))
    assert merged.rows == result.rows_passed
    found = rows(lake, contracts, "select order_id from silver.erp_orders order by all")
    assert found == [(f"SO-{n}",) for n in (1, 2, 3, 4, 5, 6, 7, 9)]


def test_quarantine_holds_what_the_last_attempt_could_not_read(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two attempts the contract may change, and with it which rows are readable; or the release, as here."""
    lake, contracts = context.lake, context.contracts
    orders_of_three_sizes(context)
    with monkeypatch.context() as patch:
        patch.setattr(lines, "FILE_STEP", 7)
        dies_before_bronze(context, monkeypatch)
    assert rows(lake, contracts, "select _row_id from quarantine.erp_orders") == [(2 * 7 + 2,)]
    ingest_domain(context, contracts.of("erp"))
    assert rows(lake, contracts, "select _row_id from quarantine.erp_orders") == [(2 * FILE_STEP + 2,)]
    before = versions(lake)
    assert ingest_domain(context, contracts.of("erp")) == []
    assert versions(lake) == before


def test_a_file_that_may_be_cut_off_is_read_and_named(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(log, "warning", lambda message, **facts: logged.append(f"{message}: {facts}"))
    put(context.lake.landing("products"), products_a=HEADER + P1 + P2[:-1], products_b=HEADER + P1)
    (result,) = ingest_domain(context, context.contracts.of("products"))
    assert result.drift == ("products_a.csv: its last line has no line end; the file may be cut off",)
    assert (result.rows_readable, result.rows_unreadable) == (3, 0)
    assert logged == [f"a file may be cut off: {{'what': '{result.drift[0]}'}}"]


@pytest.mark.parametrize("field", ["x" * 140_000, "a\rb"])
def test_a_refused_file_that_is_hard_to_count(context: Context, field: str) -> None:
    put(context.lake.landing("products"), products=f"product_id,name\nP1,{field}\n")
    with pytest.raises(FileRefusedError):
        ingest_domain(context, context.contracts.of("products"))


def test_a_colon_in_a_file_name_is_refused_with_the_cure(context: Context) -> None:
    put(context.lake.landing("products"), **{"products:1": "product_id\n"})
    with pytest.raises(FileRefusedError, match=r"a colon in the file's name.*deliver it under another name"):
        ingest_domain(context, context.contracts.of("products"))
