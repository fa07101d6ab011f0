"""A contract that changes: what a table takes, and what is refused before any write."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import FileFormat, MergeMode, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.evolution import (
    SchemaChange,
    SchemaChangeError,
    WantedTable,
    evolve,
    schema_change,
    with_columns_of,
)
from lakehouse.lake.rewrite import Arrangement, RowsLostError
from lakehouse.layout.first_write import whole_table
from lakehouse.publish.publish import require_parity
from lakehouse.transform.merge import MergeResult, merge_batch

AMOUNT = Column("amount", "decimal(12,2)", False, "Euro.")
PIECES = Column("pieces", "int", False, "Pieces.")
DEVICE = Column("device", "struct", False, "Device.", fields=(Column("type", "string", False, "Type."),))
AT = Column("at", "timestamp", True, "Sequence and day.")
COLUMNS = (Column("id", "string", True, "Key."), AMOUNT, PIECES, AT, DEVICE)
ORDERS = Dataset(
    "orders",
    "erp",
    "",
    MergeStrategy.UPSERT,
    "*",
    FileFormat.CSV,
    COLUMNS,
    ("id",),
    ("at",),
    None,
    "at",
    ("dt",),
    (),
    20,
)


def with_columns(*columns: Column, **words: Any) -> Dataset:
    """The dataset with columns in place of those of the same name, and others after the key."""
    new = {column.name: column for column in columns}
    kept = [new.pop(column.name, column) for column in COLUMNS]
    return replace(ORDERS, columns=(kept[0], *new.values(), *kept[1:]), **words)


def schema_of(dataset: Dataset) -> str:
    """The Delta schema of the dataset's contract columns."""
    names = {"int": "integer", "bigint": "long"}

    def field(column: Column) -> dict[str, Any]:
        kind: Any = names.get(column.type, column.type)
        if column.fields:
            kind = {"type": "struct", "fields": [field(inner) for inner in column.fields]}
        if column.element is not None:
            kind = {"type": "array", "elementType": field(column.element)["type"], "containsNull": True}
        return {"name": column.name, "type": kind}

    return json.dumps({"fields": [*map(field, dataset.columns), {"name": "_batch_id", "type": "long"}]})


NOTE = Column("note", "string", False, "What the customer's note says.")
BROWSER = Column("browser", "string", False, "Browser.")


def test_what_a_table_lacks() -> None:
    assert schema_change(schema_of(ORDERS), ORDERS.columns, ORDERS) == SchemaChange()
    device, pieces = replace(DEVICE, fields=(*DEVICE.fields, BROWSER)), replace(PIECES, type="bigint")
    wanted = with_columns(NOTE, device, pieces, widens_types=True)
    change = schema_change(schema_of(ORDERS), wanted.columns, wanted)
    assert [(new.path, new.after) for new in change.added] == [("note", "id"), ("device.browser", "type")]
    assert [column.name for column in change.widened] == ["pieces"]


SKU, COLOUR = Column("sku", "string", False, "Article."), Column("colour", "string", False, "Colour.")
ITEM = Column("element", "struct", False, "", fields=(SKU,))
LINES, TRAITS = (Column(name, kind, False, "", items=replace(ITEM, name=items)) for name, kind, items in (
    ("lines", "array", "element"), ("traits", "map", "value")))  # fmt: skip
LISTS = with_columns(LINES, TRAITS)


def with_items(items: Column) -> Dataset:
    """The dataset whose lists and maps have such elements."""
    return with_columns(replace(LINES, items=items), replace(TRAITS, items=replace(items, name="value")))


def test_what_a_list_lacks() -> None:
    assert schema_change(schema_of(LISTS), LISTS.columns, LISTS) == SchemaChange()
    wanted = with_items(replace(ITEM, fields=(SKU, COLOUR)))
    change = schema_change(schema_of(LISTS), wanted.columns, wanted)
    assert [(new.path, new.after) for new in change.added] == [
        ("lines.element.colour", "sku"), ("traits.element.value.colour", "sku"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (replace(ITEM, fields=(replace(SKU, type="int"),)), "lines.element.sku is string in the table and int in the"),
        (
            replace(ITEM, fields=(COLOUR,)),
            "lines.element.sku is in the table .*; put it back .* deliver the list lines",
        ),
        (replace(ITEM, type="string", fields=()), "lines.element.sku is in the table and no longer in the contract"),
    ],
)
def test_what_is_refused_in_a_list(items: Column, message: str) -> None:
    wanted = replace(with_items(items), widens_types=True)
    with pytest.raises(SchemaChangeError, match=message):
        schema_change(schema_of(LISTS), wanted.columns, wanted)


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


def test_decimals_may_grow() -> None:
    for wider in ("decimal(13,2)", "decimal(14,4)"):
        wanted = with_columns(replace(AMOUNT, type=wider), widens_types=True)
        assert [c.type for c in schema_change(schema_of(ORDERS), wanted.columns, wanted).widened] == [wider]


def merge(spark: SparkSession, path: Path, dataset: Dataset, batch_id: int, **row: Any) -> MergeResult:
    """Merge one row; columns that it does not name are null."""
    at = datetime(2026, 10, batch_id, tzinfo=UTC)
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in dataset.columns)
    values = tuple({"at": at, **row}.get(column.name) for column in dataset.columns)
    return merge_batch(spark, dataset, spark.createDataFrame([values], schema), batch_id, str(path))


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


def test_a_list_in_a_table_follows_its_contract(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "silver" / "orders"
    merge(spark, path, LISTS, 1, id="A", lines=[("a",), None], traits=[("k", ("b",))])
    merge(spark, path, LISTS, 2, id="B")
    wanted = with_items(replace(ITEM, fields=(SKU, COLOUR)))
    grown = merge(spark, path, wanted, 3, id="C", lines=[("c", "red")], traits=[])
    assert (grown.inserted, grown.files_removed) == (1, 0)
    found = {row["id"]: (row["lines"], row["traits"]) for row in tables.read(spark, str(path)).collect()}
    assert found["A"] == ([("a", None), None], [("k", ("b", None))])
    assert (found["B"], found["C"]) == ((None, None), ([("c", "red")], []))
    older = "SELECT id, transform(lines, x -> IF(x IS NULL, NULL, struct(x.sku AS sku))) AS lines FROM {found}"
    rows = spark.sql(older, found=tables.read(spark, str(path)))
    read = with_columns_of(rows, (COLUMNS[0], wanted.columns[1]), wanted).collect()
    assert {row["id"]: row["lines"] for row in read} == {"A": [("a", None), None], "B": None, "C": [("c", None)]}


def orders_of_two_days(spark: SparkSession, path: Path, dataset: Dataset) -> None:
    """A table with a table property of its own, whose rows are spread over the files of each day in no order."""
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in dataset.columns)
    for batch_id in (1, 2, 3):
        keys = range(batch_id, 60, 3)
        rows = [(f"K{n:02}", None, n * 7 % 60, datetime(2026, 10, 1 + n % 2, tzinfo=UTC), None) for n in keys]
        merge_batch(spark, dataset, spark.createDataFrame(rows, schema), batch_id, str(path))
    spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('team' = 'sales')")


CLUSTERED = replace(ORDERS, cluster_by=("pieces",))
WIDE = replace(CLUSTERED, widens_types=True, columns=tuple(
    replace(column, type="bigint") if column is PIECES else column for column in COLUMNS
))  # fmt: skip


def test_a_widened_table_keeps_its_rows_properties_comments_and_layout(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "silver" / "orders"
    orders_of_two_days(spark, path, CLUSTERED)
    before, rows = DeltaTable(str(path)), read_rows(str(path))
    wanted = WantedTable(
        WIDE, WIDE.silver_columns, WIDE.partition_by, WIDE.table_properties, whole_table(str(path), WIDE.layout)
    )
    evolve(spark, str(path), wanted)
    table = DeltaTable(str(path))
    assert table.version() == before.version() + 1
    assert (len(before.file_uris()), len(table.file_uris())) == (6, 2)  # a file per day
    assert sorted(read_rows(str(path)), key=itemgetter("id")) == sorted(rows, key=itemgetter("id"))
    assert table.metadata().partition_columns == ["dt"]
    assert table.metadata().configuration == before.metadata().configuration
    assert table.metadata().configuration["team"] == "sales"
    fields = {field.name: field for field in table.schema().fields}
    assert (fields["pieces"].type.type, fields["pieces"].metadata) == ("long", {"comment": "Pieces."})
    assert {name: field.metadata for name, field in fields.items()} == {
        field.name: field.metadata for field in before.schema().fields
    }
    for file in table.file_uris():
        pieces = pq.read_table(file, partitioning=None).column("pieces").to_pylist()
        assert pieces == sorted(pieces)
    evolve(spark, str(path), wanted)
    assert DeltaTable(str(path)).version() == table.version()


def test_a_widening_that_would_lose_a_row_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "silver" / "orders"
    orders_of_two_days(spark, path, CLUSTERED)
    version = DeltaTable(str(path)).version()
    loses_one = Arrangement(lambda rows: rows.where("id <> 'K07'"))
    wanted = WantedTable(WIDE, WIDE.silver_columns, WIDE.partition_by, arrangement=loses_one)
    with pytest.raises(RowsLostError, match=r"\(read 59, written 58\), so nothing was committed"):
        evolve(spark, str(path), wanted)
    table = DeltaTable(str(path))
    assert (table.version(), len(read_rows(str(path)))) == (version, 59)
    assert {field.name: field.type for field in table.schema().fields}["pieces"].type == "integer"


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
