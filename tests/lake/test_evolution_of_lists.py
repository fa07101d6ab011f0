"""A contract whose lists and maps change: what a table takes, and what is refused before any write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.evolution import SchemaChange, SchemaChangeError, schema_change, with_columns_of
from tests.lake.orders import COLUMNS, merge, schema_of, with_columns

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
