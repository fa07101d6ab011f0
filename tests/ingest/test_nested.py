"""Arrays and maps: each value exactly, in its place, or the row is quarantined with the text as it was delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import Drift, FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.values import Values
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.json_rows import WRONG_KIND
from lakehouse.ingest.names_inside import with_names_inside

TAGS = Column("tags", "array", False, "", items=Column("element", "string", False, ""))
PRICES = Column("prices", "array", False, "", items=Column("element", "decimal(6,2)", True, ""))
LINES = Column(
    "lines", "array", False, "",
    items=Column("element", "struct", True, "", fields=(
        Column("sku", "string", True, ""), Column("quantity", "int", False, ""), Column("at", "timestamp", False, ""),
    )),
)  # fmt: skip
GRID = Column(
    "grid", "array", False, "", items=Column("element", "array", True, "", items=Column("element", "int", False, ""))
)
TRAITS = Column("traits", "map", False, "", items=Column("value", "int", False, ""))
SIZES = Column(
    "sizes", "map", False, "", items=Column("value", "array", True, "", items=Column("element", "int", True, ""))
)
OFFICE = Column(
    "office", "array", False, "",
    items=Column("element", "decimal(6,2)", False, "", values=Values(decimal_separator=",", null_words=("n/a",))),
)  # fmt: skip
NOON = datetime(2026, 1, 1, 12, 0, 0, 5, tzinfo=UTC)

CASES: dict[str, tuple[Column, dict[str | None, Any]]] = {
    "texts": (TAGS, {
        '["b","a","b"]': ["b", "a", "b"], "[]": [], '["",null,"x"]': [None, None, "x"], None: None,
        '["a",5]': ..., '["a",["b"]]': ..., '["a",{"b":1}]': ..., '{"a":1}': ..., f'{WRONG_KIND}"a"': ..., '["a",': ...,
    }),
    "exact numbers": (PRICES, {
        '[10.50,"3",0.1]': [Decimal("10.50"), Decimal("3.00"), Decimal("0.10")], "[]": [], None: None,
        "[10.505]": ..., "[12345.00]": ..., "[1,null]": ..., '[1,""]': ..., "[true]": ..., "[[1]]": ...,
    }),
    "objects": (LINES, {
        '[{"sku":"a","quantity":2,"at":"2026-01-01T13:00:00.000005+01:00"},{"quantity":null,"sku":"b"}]':
            [("a", 2, NOON), ("b", None, None)],
        '[{"sku":"a","more":1}]': [("a", None, None)], "[]": [], None: None,
        '[{"sku":"a"},{"quantity":1}]': ..., '[{"sku":"a","quantity":"x"}]': ..., '[{"sku":5}]': ..., "[null]": ...,
        '[{"sku":"a","at":"2026-01-01T13:00:00"}]': ..., '[{"sku":"a","sku":"b"}]': ..., '["a"]': ...,
    }),
    "lists of lists": (GRID, {
        "[[1,2],[],[null]]": [[1, 2], [], [None]], None: None, "[[1],null]": ..., "[[1.5]]": ...,
    }),
    "maps": (TRAITS, {
        '{"b":1,"a":null,"":3}': [("", 3), ("a", None), ("b", 1)],
        '{"a":null,"":3,"b":1}': [("", 3), ("a", None), ("b", 1)],
        "{}": [], None: None,
        '{"a":"x"}': ..., '{"a":1.5}': ..., '{"a":1,"a":1}': ..., "[1]": ..., f'{WRONG_KIND}"a"': ...,
    }),
    "maps of lists": (SIZES, {
        '{"m":[2,1],"l":[]}': [("l", []), ("m", [2, 1])], None: None,
        '{"m":null}': ..., '{"m":[null]}': ..., '{"m":1}': ...,
    }),
    "as an office writes": (OFFICE, {
        '["1,50","n/a",null]': [Decimal("1.50"), None, None], None: None, '["1.50"]': ..., '["N/A"]': ...,
    }),
}  # fmt: skip
"""Of each column the delivered texts with what they become, or ... where nothing may be made of them."""


def dataset(*columns: Column, drift: Drift = Drift.RESCUE) -> Dataset:
    parquet, upsert = FileFormat.PARQUET, MergeStrategy.UPSERT
    every = (Column("id", "string", True, ""), *columns)
    return Dataset(
        "orders", "erp", "", upsert, "o*", parquet, every, ("id",), ("id",), None, None, (), (), 20, drift=drift
    )


@pytest.mark.parametrize("case", CASES)
def test_every_value_is_exact_or_none_is_taken(spark: SparkSession, case: str) -> None:
    column, texts = CASES[case]
    of = dataset(column)
    rows = spark.createDataFrame([(str(n), text, None) for n, text in enumerate(texts)],
                                 f"id string, {column.name} string, _unreadable string")  # fmt: skip
    found = {row["id"]: row.asDict(recursive=False) for row in with_types(rows, of).collect()}
    for number, (text, expected) in enumerate(texts.items()):
        row = found[str(number)]
        if expected is ...:
            assert row["_broken_rules"] == [f"{column.name}_is_{column.type}"], text
            assert row["_text"][column.name] == str(text).removeprefix(WRONG_KIND)
        else:
            assert (row["_broken_rules"], _plain(row[column.name])) == ([], expected), text


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return tuple(_plain(one) for one in value) if isinstance(value, tuple) else value


MORE = '[{"colour":{"x":1.5},"sku":"a"}]'


@pytest.mark.parametrize(
    ("text", "before", "rescued"),
    [
        (MORE, None, f'{{"lines.*":{MORE}}}'),
        (MORE, '{"note":1}', f'{{"note":1,"lines.*":{MORE}}}'),
        ('[{"sku":"a"}]', None, None),
        ('[{"sku":"a"}]', '{"note":1}', '{"note":1}'),
        ("[null]", None, None),
        ("no json", None, None),
        (None, None, None),
    ],
)
def test_what_the_contract_does_not_name_inside_is_kept(
    spark: SparkSession, text: str | None, before: str | None, rescued: str | None
) -> None:
    assert _with_names_inside(spark, Drift.RESCUE, text, before) == (None, rescued)
    rule = "row_has_only_known_members" if text == MORE else None
    assert _with_names_inside(spark, Drift.STRICT, text, before) == (rule, rescued)


def test_the_names_of_a_repaired_row_are_in_it_already(spark: SparkSession) -> None:
    """Its text is that of the quarantined row, of which everything was rescued before."""
    before = f'{{"lines.*":{MORE}}}'
    assert _with_names_inside(spark, Drift.STRICT, MORE, before, repair_of="1:1") == (None, before)


def _with_names_inside(
    spark: SparkSession, drift: Drift, text: str | None, before: str | None, repair_of: str | None = None
) -> tuple[str | None, str | None]:
    schema = "id string, lines string, _unreadable string, _rescued string, _repair_of string"
    rows = spark.createDataFrame([("1", text, None, before, repair_of)], schema)
    row = with_names_inside(rows, dataset(LINES, drift=drift)).first()
    assert row is not None
    assert list(row.asDict()) == [name.split()[0] for name in schema.split(", ")]
    return row["_unreadable"], row["_rescued"]
