"""Arrays and maps from the delivered file to what analysts query: alike from every format; a change is a change."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.project import Project
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.header import read_header
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.ingest.reading import read_rows
from lakehouse.lake import delta_log
from lakehouse.lake.decisions import Signature
from lakehouse.lake.files import list_files
from lakehouse.lake.paths import Lake
from lakehouse.publish.catalogue import table_input
from lakehouse.publish.describe import describe
from lakehouse.publish.query import run_query
from lakehouse.quarantine.changes import ChangeKind
from lakehouse.quarantine.repairs import Edit, send_back
from lakehouse.quarantine.rows import Selection, open_rows
from lakehouse.runtime.context import Context
from lakehouse.transform.merge import MergeResult
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.helpers.small_project import spoiled, with_docs, write_project

LINES = (
    "physicalType: array, items: {physicalType: struct, properties: ["
    "{name: sku, physicalType: string, required: true, description: S.}, "
    "{name: price, physicalType: 'decimal(9,2)', description: P.}]}"
)
CONTRACT = spoiled("fileFormat, value: csv", "fileFormat, value: json_lines")
CONTRACT = spoiled("note, physicalType: string", f"lines, {LINES}", CONTRACT)
CONTRACT = spoiled(
    'amount, physicalType: "decimal(9,2)"', "traits, physicalType: map, items: {physicalType: int}", CONTRACT
)
TWO = [{"sku": "b", "price": Decimal("10.50")}, {"sku": "a", "price": None}]
ROWS: list[tuple[Any, Any]] = [(TWO, {"y": 1, "x": None}), (None, None), ([], {})]
LANDED = [(1, TWO, [("x", None), ("y", 1)]), (2, None, None), (3, [], [])]


def visit(number: int, lines: Any, traits: Any, seq: int = 1) -> dict[str, Any]:
    at = f"2026-01-0{number}T10:00:00Z"
    return {"id": number, "lines": lines, "traits": traits, "seq": seq, "at": at, "gone": False}


def run(context: Context, name: str, *rows: dict[str, Any]) -> list[MergeResult]:
    """Deliver rows as JSON Lines, with numbers where Python has decimals, and bring what is pending to silver."""
    (shop,) = context.contracts
    folder = Path(context.lake.landing("shop"))
    folder.mkdir(parents=True, exist_ok=True)
    if rows:
        (folder / name).write_text("".join(json.dumps(row, default=float) + "\n" for row in rows))
    ingest_domain(context, shop)
    validate_domain(context, shop)
    return merge_domain(context, shop)


def silver(lake: Lake) -> list[tuple[int, Any, Any]]:
    rows = sorted(delta_log.read_rows(lake.silver("visits")), key=lambda row: row["id"])
    return [(row["id"], row["lines"], _pairs(row["traits"])) for row in rows]


def _pairs(traits: Any) -> Any:
    return None if traits is None else [(entry["key"], entry["value"]) for entry in traits]


def counts(results: list[MergeResult]) -> list[tuple[int, int, int]]:
    return [(result.inserted, result.updated, result.unchanged) for result in results]


@pytest.fixture
def context(spark: SparkSession, lake: Lake, tmp_path: Path) -> Context:
    return Context(with_docs(write_project(tmp_path, CONTRACT)), lake, lambda: spark)


def test_a_changed_list_is_a_changed_row(context: Context) -> None:
    lake, dataset = context.lake, context.contracts.dataset("visits")
    bad = [visit(4, [{"sku": "a", "price": "x"}], {}), visit(5, None, {"x": "1.5"})]
    good = [visit(number, *row) for number, row in enumerate(ROWS, start=1)]
    assert counts(run(context, "visits_1.csv", *good, *bad)) == [(3, 0, 0)]
    assert silver(lake) == LANDED
    held = delta_log.read_rows(lake.quarantine("visits"))
    assert sorted((row["id"], row["lines"], row["traits"], row["_broken_rules"]) for row in held) == [
        ("4", '[{"price":"x","sku":"a"}]', "{}", ["lines_is_array"]), ("5", None, '{"x":"1.5"}', ["traits_is_map"]),
    ]  # fmt: skip

    again = [visit(1, [*reversed(TWO)], {"y": 1, "x": None}, 2), visit(2, None, None), visit(3, [], {})]
    assert counts(run(context, "visits_2.csv", *again)) == [(0, 1, 2)]
    other_order = [visit(1, [*reversed(TWO)], {"x": None, "y": 1}, 2), visit(2, [], None, 2)]
    assert counts(run(context, "visits_3.csv", *other_order)) == [(0, 1, 1)]  # a map has no order, a list has one
    assert silver(lake) == [(1, [*reversed(TWO)], LANDED[0][2]), (2, [], None), LANDED[2]]

    (row,) = open_rows(lake, dataset, Selection(rule="lines_is_array"))
    edit = Edit(row, {"lines": '[{"price":2.10,"sku":"a"}]'})
    send_back(lake, dataset, [edit], ChangeKind.REPAIR, Signature("ann", "mistyped"))
    assert counts(run(context, "")) == [(1, 0, 0)]
    assert silver(lake)[3] == (4, [{"sku": "a", "price": Decimal("2.10")}], [])
    _ask(context.project, lake)


def _ask(project: Project, lake: Lake) -> None:
    """DuckDB and Athena's SQL read lists and maps alike; catalogue and `describe` have Athena's types."""
    wanted = [(1, "a", None, None, 1), (1, "b", Decimal("10.50"), None, 1), (4, "a", Decimal("2.10"), None, None)]
    duck = "SELECT id, l.sku, l.price, map_from_entries(traits)['x'], map_from_entries(traits)['y'] FROM (SELECT id, traits, unnest(lines) AS l FROM silver.visits) ORDER BY ALL"  # fmt: skip  # noqa: E501
    assert run_query(lake, project.contracts, duck).rows == wanted
    athena = "SELECT id, t.sku, t.price, element_at(map_from_entries(traits), 'x'), element_at(map_from_entries(traits), 'y') FROM silver.visits CROSS JOIN UNNEST(lines) AS t(sku, price) ORDER BY 1, 2"  # fmt: skip  # noqa: E501
    assert run_query(lake, project.contracts, athena, dialect="athena").rows == wanted
    table = delta_log.existing_table(lake.silver("visits"))
    types = {
        c["Name"]: c["Type"] for c in table_input("visits", "s3://b/visits", table)["StorageDescriptor"]["Columns"]
    }
    expected = ("array<struct<sku:string,price:decimal(9,2)>>", "array<struct<key:string,value:int>>")
    assert (types["lines"], types["traits"]) == expected
    shown = {column.name: column.type for column in describe(project, lake, "silver.visits").columns}
    assert (shown["lines"], shown["traits"]) == expected


ARROW = pa.schema([
    ("id", pa.int32()),
    ("lines", pa.list_(pa.struct([("sku", pa.string()), ("price", pa.decimal128(9, 2))]))),
    ("traits", pa.map_(pa.string(), pa.int32())),
    ("seq", pa.int64()), ("at", pa.string()), ("gone", pa.bool_()),
])  # fmt: skip
PRICE = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
ITEM = {"type": "record", "name": "item", "fields": [
    {"name": "sku", "type": "string"}, {"name": "price", "type": ["null", PRICE]},
]}  # fmt: skip
AVRO = {"type": "record", "name": "visit", "fields": [
    {"name": "id", "type": "int"}, {"name": "lines", "type": ["null", {"type": "array", "items": ITEM}]},
    {"name": "traits", "type": ["null", {"type": "map", "values": ["null", "int"]}]},
    {"name": "seq", "type": "long"}, {"name": "at", "type": "string"}, {"name": "gone", "type": "boolean"},
]}  # fmt: skip


def written(file_format: FileFormat) -> bytes:
    rows = [visit(number, *row) for number, row in enumerate(ROWS, start=1)]
    held = io.BytesIO()
    if file_format is FileFormat.PARQUET:
        pq.write_table(pa.Table.from_pylist(rows, ARROW), held)
    elif file_format is FileFormat.AVRO:
        fastavro.writer(held, fastavro.parse_schema(AVRO), rows)
    else:
        held.write(json.dumps(rows, default=str).encode())
    return held.getvalue()


@pytest.mark.parametrize("file_format", [FileFormat.PARQUET, FileFormat.AVRO, FileFormat.JSON])
def test_every_format_gives_the_same(spark: SparkSession, tmp_path: Path, file_format: FileFormat) -> None:
    (dataset,) = write_project(tmp_path, CONTRACT).contracts.datasets
    dataset, folder = replace(dataset, file_format=file_format), tmp_path / "landed"
    folder.mkdir()
    (folder / "visits_1.csv").write_bytes(written(file_format))
    (file,) = list_files(str(folder))
    header = read_header(str(folder), file, dataset)
    assert header.problem is None
    rows = with_types(read_rows(spark, str(folder), [(file, header)], dataset), dataset).orderBy("id").collect()
    found = [row.asDict(recursive=True) for row in rows]
    assert [(row["id"], row["lines"], _pairs(row["traits"])) for row in found] == LANDED
    assert [row["_broken_rules"] for row in found] == [[], [], []]
