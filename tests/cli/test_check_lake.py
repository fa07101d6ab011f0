"""`lakehouse check --lake` says without Spark what a run on that lake would refuse."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.cli.check_lake import lake_problems
from lakehouse.cli.main import main
from lakehouse.contracts.contract import Contract, Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.built_with import remember
from lakehouse.lake.paths import Lake

TYPES = {"string": pa.string(), "int": pa.int32(), "bigint": pa.int64(), "boolean": pa.bool_(), "date": pa.date32(),
         "timestamp": pa.timestamp("us", "UTC"), "decimal(12,2)": pa.decimal128(12, 2)}  # fmt: skip


@pytest.fixture
def orders(project: Project) -> Dataset:
    return project.contracts.dataset("erp_orders")


@pytest.fixture
def built(lake: Lake, orders: Dataset) -> Lake:
    """A lake whose silver table has no row, as the contract says today."""
    schema = pa.schema([(column.name, TYPES[column.type]) for column in orders.silver_columns])
    write_deltalake(lake.silver(orders.name), schema.empty_table(), partition_by=list(orders.partition_by))
    remember(lake.silver(orders.name), orders)
    return lake


def found(lake: Lake, orders: Dataset, **changed: Any) -> list[str]:
    contract = Contract("erp", "", "", "", "", "", "", (dataclasses.replace(orders, **changed),))
    return lake_problems(lake, Contracts((contract,)))


def test_a_lake_that_the_contract_built_has_no_problem(built: Lake, orders: Dataset) -> None:
    assert found(built, orders) == []


def test_a_lake_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--lake", str(tmp_path / "nowhere")]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: No tables in the lake {tmp_path}/nowhere; ")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"key": ("order_id",)},
            "erp_orders: its table was built with key order_id, line_number and",
        ),
        ({"partition_by": ()}, "erp_orders: its table is partitioned by [dt] and its contract says partitionBy []"),
    ],
    ids=["key", "partitions"],
)
def test_what_a_run_would_refuse_is_a_line(changed: dict[str, Any], said: str, built: Lake, orders: Dataset) -> None:
    (line,) = found(built, orders, **changed)
    assert line.startswith(said)


def test_another_type_is_a_line(built: Lake, orders: Dataset) -> None:
    columns = [dataclasses.replace(c, type="string") if c.name == "quantity" else c for c in orders.columns]
    (line,) = found(built, orders, columns=tuple(columns))
    assert line.startswith("erp_orders: column quantity is integer in the table and string in the contract")


def test_the_command_ends_with_3(built: Lake, orders: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(Path(built.curated).parent)
    assert main(["check", "--lake", root]) == 0
    other = dataclasses.replace(orders, date_column="updated_at")
    remember(built.silver(orders.name), other)
    assert main(["check", "--lake", root]) == 3
    said = capsys.readouterr().err
    assert "dateColumn updated_at and its contract says ordered_at" in said
    assert "lakehouse dataset rebuild erp.erp_orders" in said
    assert DeltaTable(built.silver(orders.name)).version() == 2, "a check writes nothing"
