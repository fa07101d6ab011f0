"""A contract that changes: what a table takes, and what is refused before any write."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import MergeMode
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.evolution import SchemaChange, SchemaChangeError, schema_change
from lakehouse.publish.publish import require_parity
from lakehouse.transform.merge import merge_batch
from tests.lake.orders import AMOUNT, COLUMNS, DEVICE, ORDERS, PIECES, merge, schema_of, with_columns

NOTE = Column("note", "string", False, "What the customer's note says.")
BROWSER = Column("browser", "string", False, "Browser.")


def test_what_a_table_lacks() -> None:
    assert schema_change(schema_of(ORDERS), ORDERS.columns, ORDERS) == SchemaChange()
    device, pieces = replace(DEVICE, fields=(*DEVICE.fields, BROWSER)), replace(PIECES, type="bigint")
    wanted = with_columns(NOTE, device, pieces, widens_types=True)
    change = schema_change(schema_of(ORDERS), wanted.columns, wanted)
    assert [(new.path, new.after) for new in change.added] == [("note", "id"), ("device.browser", "type")]
    assert [column.name for column in change.widened] == ["pieces"]


OTHER_DEVICE = replace(DEVICE, fields=(replace(DEVICE.fields[0], type="int"),))
IN_TABLE = "column pieces is integer in the table and"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (with_columns(replace(NOTE, required=True)), "orders: column note is required and new; earlier rows have no"),
        (with_columns(replace(PIECES, type="bigint")), f"{IN_TABLE} bigint in the contract; set typeWidening: rewrite"),
        (with_columns(replace(PIECES, type="string"), widens_types=True), f"{IN_TABLE} string in the contract; values"),
        (with_columns(replace(AMOUNT, type="decimal(12,4)"), widens_types=True), "values could be lost"),
        (with_columns(replace(AMOUNT, type="decimal(10,2)"), widens_types=True), "values could be lost"),
        (with_columns(OTHER_DEVICE, widens_types=True), "column device.type is string in the table and int"),
        (replace(ORDERS, columns=tuple(c for c in COLUMNS if c is not PIECES)), "pieces is in the table and no longer"),
    ],
)
def test_what_is_refused(wanted: Dataset, message: str) -> None:
    with pytest.raises(SchemaChangeError, match=message) as refused:
        schema_change(schema_of(ORDERS), wanted.columns, wanted)
    assert refused.value.exit_code == 3
    assert str(refused.value).endswith("Nothing was written.")


def test_a_table_follows_its_contract(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "silver" / "orders"
    merge(spark, path, ORDERS, 1, id="A", amount=Decimal("1.10"), pieces=1, device=("phone",))
    wanted = with_columns(NOTE, replace(DEVICE, fields=(*DEVICE.fields, BROWSER)))
    grown = merge(spark, path, wanted, 2, id="B", note="it's new", device=("desk", "x"))
    assert (grown.inserted, grown.files_removed) == (1, 0)
    same = merge(spark, path, wanted, 3, id="A", amount=None, device=("phone", None))
    assert (same.updated, same.moved) == (1, 1)
    history = [commit["operation"] for commit in DeltaTable(str(path)).history()]
    assert history == ["WRITE", "WRITE", "ADD COLUMNS", "WRITE"]

    wide = replace(wanted, widens_types=True, columns=tuple(
        replace(c, type={"pieces": "bigint", "amount": "decimal(14,3)"}.get(c.name, c.type)) for c in wanted.columns
    ))  # fmt: skip
    merge(spark, path, wide, 4, id="C", amount=Decimal("12345678901.345"), pieces=2**40)
    table = DeltaTable(str(path))
    (rewrite,) = [commit for commit in table.history() if commit["operation"] == "OPTIMIZE" and commit["version"] == 4]
    metadata = json.loads(rewrite["userMetadata"])
    layout = metadata.pop("layout")
    assert metadata == {"dataset": "orders"}
    assert layout["partitions"] == layout["whole"] == [["2026-10-02"], ["2026-10-03"]]
    assert table.metadata().partition_columns == ["dt"]
    rows = {row["id"]: row for row in read_rows(str(path))}
    assert {key: (row["amount"], row["pieces"], row["note"]) for key, row in rows.items()} == {
        "A": (None, None, None),
        "B": (None, None, "it's new"),
        "C": (Decimal("12345678901.345"), 2**40, None),
    }
    assert rows["C"]["dt"] == date(2026, 10, 4)
    assert merge(spark, path, wide, 5, id="C").updated == 1


def test_a_refused_change_leaves_the_table(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "silver" / "orders"
    merge(spark, path, ORDERS, 1, id="A", pieces=None)
    with pytest.raises(SchemaChangeError, match="column pieces is integer in the table"):
        merge(spark, path, with_columns(replace(PIECES, type="string")), 2, id="A", pieces="x")
    assert DeltaTable(str(path)).version() == 0


def test_the_contract_chooses_how_rows_are_replaced(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "silver" / "orders"
    marked = replace(ORDERS, merge_mode=MergeMode.DELETION_VECTORS)
    day = datetime(2026, 10, 1, tzinfo=UTC)
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in COLUMNS)
    rows = spark.createDataFrame([(f"K{n}", None, n, day, None) for n in range(50)], schema)
    merge_batch(spark, marked, rows, 1, str(path))
    (before,) = DeltaTable(str(path)).file_uris()
    merge(spark, path, marked, 2, id="K7", pieces=None)
    assert before in DeltaTable(str(path)).file_uris()  # the old row is marked, its file stays
    found = spark.read.format("delta").load(str(path))
    assert (found.count(), found.where("id = 'K7'").select("pieces", "dt").collect()) == (
        50,
        [(None, date(2026, 10, 2))],
    )
    require_parity("silver.orders", DeltaTable(str(path)))  # what the vectors mark is not promised

    merge(spark, path, ORDERS, 3, id="K8", pieces=None)  # back to copy on write: the file is written anew
    assert before not in DeltaTable(str(path)).file_uris()
    assert DeltaTable(str(path)).metadata().configuration["delta.enableDeletionVectors"] == "false"
    assert found.sparkSession.read.format("delta").load(str(path)).count() == 50
