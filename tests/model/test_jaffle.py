"""A foreign project: the models of a jaffle shop as marts, each equal to its full refresh after every daily delivery.

DuckDB computes the full refresh from silver. DAYS=30 plays all days.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import QueryBuilder
from pyspark.sql import SparkSession

from lakehouse.cli.check import problems
from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.layout import TARGET_FILE_BYTES
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import existing_table, table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform import mart_cost
from lakehouse.transform.marts import build_marts
from lakehouse.transform.merge import merge_batch
from lakehouse.transform.ties import Bronze
from tests.helpers.small_project import rule, write_suite
from tests.model.jaffle.days import TABLES, Day, deliveries

HERE = Path(__file__).parent / "jaffle"
MARTS_OF_SHOP = ("order_items", "orders", "customers", "products", "supplies", "locations")
DAYS = int(os.environ.get("DAYS", "10"))


@pytest.fixture(scope="module")
def shop(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of one domain that knows nothing of the samples: its contract, suites and models, and our macros."""
    root = tmp_path_factory.mktemp("shop")
    not_ours = shutil.ignore_patterns("models", "seeds", "athena_views", "target", "logs", "assert_*")
    shutil.copytree(project.dbt, root / "dbt", ignore=not_ours)
    shutil.copytree(HERE / "models", root / "dbt/models")
    shutil.copytree(HERE / "contracts", root / "contracts")
    (root / "dbt/athena_views").mkdir()
    for name in TABLES:
        present = rule("expect_column_values_to_not_be_null", column="sku" if name == "products" else "id")
        write_suite(root, f"jaffle_{name}", [present])
    return Project(root)


def test_the_shop_is_declared_whole(shop: Project) -> None:
    assert problems(shop) == []
    marts = [mart.name for mart in read_marts(shop.dbt)]
    assert sorted(marts) == sorted(MARTS_OF_SHOP)
    assert marts.index("order_items") < marts.index("orders") < marts.index("customers")


def test_days_have_late_orders_orphans_and_corrections() -> None:
    days = deliveries(30)
    assert days == deliveries(30)
    orders = [(order, day) for day, rows in enumerate(days) for order in rows["orders"]]
    late = [order for order, day in orders if (order["exported_at"] - order["ordered_at"]).days > 7]
    assert len(late) > 20
    assert sum(order["is_deleted"] for order, _ in orders) > 5
    assert all(len({row["id"] for row in day["orders"]}) == len(day["orders"]) for day in days)


@pytest.mark.model
@pytest.mark.timeout(120 * DAYS)
def test_each_mart_of_the_shop_equals_its_full_refresh_after_every_delivery(
    shop: Project, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every third delivery the choice between keys and every row is made by cost, however little there is to read."""
    context = Context(shop, Lake.at(str(tmp_path / "lake")), lambda: spark)
    seen: Counter[str] = Counter()
    for number, day in enumerate(deliveries(DAYS), start=1):
        deliver(context, day, number)
        monkeypatch.setattr(mart_cost, "WORTH_CHOOSING", 0 if number % 3 == 2 else TARGET_FILE_BYTES)
        for mart in build_marts(context).marts:
            seen[f"{mart.name}: {'whole' if mart.whole else 'keys'}"] += 1
            seen["whole by cost"] += mart.whole is not None and mart.name != "locations" and number > 1
        for name, (found, wanted) in marts_of(context).items():
            assert found == wanted, f"{name} after delivery {number}"
    assert [name for name in MARTS_OF_SHOP if name != "locations" and not seen[f"{name}: keys"]] == []
    assert seen["whole by cost"]


def deliver(context: Context, day: Day, number: int) -> None:
    """Merge the rows of a day, and let them pass the tests of their domain."""
    (contract,) = context.contracts
    for dataset in contract.datasets:
        rows = day[dataset.name.removeprefix("jaffle_")]
        if rows:
            schema = ", ".join(f"{column.name} {column.spark_type}" for column in dataset.columns)
            values = [tuple(row[column.name] for column in dataset.columns) for row in rows]
            frame = context.spark().createDataFrame(values, schema).coalesce(1)
            bronze = Bronze(lambda keys: pytest.fail("no two rows share a time"), len(rows))
            merge_batch(context.spark(), dataset, frame, number, context.lake.silver(dataset.name), number, bronze)
    versions = {dataset.name: table_version(context.lake.silver(dataset.name)) for dataset in contract.datasets}
    record_tested(context.lake, contract, versions)


def marts_of(context: Context) -> dict[str, tuple[list[Any], list[Any]]]:
    """Of each mart its rows, and those that DuckDB computes from silver, both in one order."""
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        for name in TABLES:
            _load(db, f"silver_jaffle_{name}", context.lake.silver(f"jaffle_{name}"))
        db.execute((HERE / "wanted.sql").read_text(encoding="utf-8"))
        found = {}
        for name in MARTS_OF_SHOP:
            _load(db, f"mart_{name}", context.lake.table(MARTS, name))
            found[name] = (_rows(db, f"mart_{name}", name), _rows(db, f"wanted_{name}", name))
        return found


def _load(db: duckdb.DuckDBPyConnection, name: str, path: str) -> None:
    rows = pa.table(QueryBuilder().register("t", existing_table(path)).execute("SELECT * FROM t").read_all())
    db.register("arrived", rows)
    db.execute(f"create table {name} as select * from arrived")


def _rows(db: duckdb.DuckDBPyConnection, table: str, mart: str) -> list[Any]:
    """The rows of a table in the columns and the types of a mart, so that 1.5 and 1.50 are one amount."""
    about = db.execute(f"describe mart_{mart}").fetchall()
    columns = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind, *_ in about)
    return sorted(db.execute(f"select {columns} from {table}").fetchall(), key=str)
