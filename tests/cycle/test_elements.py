"""The rows of an exploded list are those of the parents that silver has, for every engine, whatever was delivered."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.element_rows import query_of_spark
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.decisions import Signature
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from lakehouse.quarantine.changes import ChangeKind
from lakehouse.quarantine.repairs import Edit, send_back
from lakehouse.quarantine.rows import Selection, open_rows
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.conditions import compile_rule
from lakehouse.validate.validate import validate_domain
from tests.cycle.test_nested_columns import CONTRACT
from tests.helpers.small_project import spoiled, with_docs, write_project

EXPLODE = "[{path: lines, name: visit_lines, with: [seq], prefix: line_, key: [sku]}, traits]"
DATE = "      - {property: dateColumn"
LISTS = spoiled(DATE, f"      - {{property: explode, value: {EXPLODE}}}\n{DATE}", CONTRACT)
A, B, C = ({"sku": sku, "price": price} for sku, price in (("a", 1.25), ("b", None), ("c", 10.5)))
NOTHING: dict[str, Any] = {}


def visit(number: int, seq: int, lines: Any = NOTHING, gone: bool = False, traits: Any = None) -> dict[str, Any]:
    row = {
        "id": number,
        "lines": lines,
        "traits": traits,
        "seq": seq,
        "at": f"2026-01-0{number}T10:00:00Z",
        "gone": gone,
    }
    return {name: value for name, value in row.items() if value is not NOTHING}


def elements_of(delivered: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What the rows must be, from the JSON alone: the elements of the last version of each visit that has not gone."""
    last = {row["id"]: row for row in sorted(delivered, key=lambda row: row["seq"])}
    return [
        (row["id"], int(row["at"][8:10]), row["seq"], place, element["sku"], _money(element["price"]))
        for _, row in sorted(last.items())
        if not row["gone"]
        for place, element in enumerate(row.get("lines") or [], start=1)
    ]


def _money(price: float | None) -> Decimal | None:
    return None if price is None else Decimal(str(price)).quantize(Decimal("0.01"))


def seen(context: Context) -> list[tuple[Any, ...]]:
    """The rows as Athena's SQL, DuckDB's and Spark's have them, which must be the same."""
    found = []
    for dialect in ("athena", "duckdb"):
        sql = "select id, day(dt), seq, line_position, line_sku, line_price from visit_lines order by id, line_position"
        views = views_in_query(context.project, context.lake, sql)
        found.append(run_query(context.lake, context.contracts, sql, views, dialect=dialect).rows)
    dataset = context.contracts.dataset("visits")
    rows = query_of_spark(dataset, dataset.elements[0], f"delta.`{context.lake.silver('visits')}`")
    ordered = context.spark().sql(f"select *, day(dt) as day from ({rows}) order by id, line_position")
    names = ("id", "day", "seq", "line_position", "line_sku", "line_price")
    found.append([tuple(row[name] for name in names) for row in ordered.collect()])
    assert found[0] == found[1] == found[2]
    return found[0]


def entries(context: Context) -> list[tuple[Any, ...]]:
    sql = "select id, position, key, value from visits_traits order by id, position"
    return run_query(context.lake, context.contracts, sql, views_in_query(context.project, context.lake, sql)).rows


def deliver(context: Context, name: str, *rows: dict[str, Any]) -> None:
    folder = Path(context.lake.landing("shop"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def bring(context: Context) -> None:
    (shop,) = context.contracts
    for step in (ingest_domain, validate_domain, merge_domain):
        step(context, shop)


@pytest.fixture
def context(spark: SparkSession, lake: Any, tmp_path: Path) -> Context:
    return Context(with_docs(write_project(tmp_path, LISTS)), lake, lambda: spark)


FIRST = [
    visit(1, 1, [A, B]), visit(2, 1, None), visit(3, 1, []), visit(4, 1), visit(5, 1, [C], traits={"x": 1, "w": None}),
]  # fmt: skip


@pytest.mark.kinds
def test_elements_follow_their_parents(context: Context) -> None:
    (shop,) = context.contracts
    twice = visit(6, 1, [A, {**A, "price": 2.5}])
    deliver(context, "visits_1.csv", *FIRST, twice)
    bring(context)
    assert seen(context) == elements_of(FIRST) != []
    assert entries(context) == [(5, 1, "w", None), (5, 2, "x", 1)]
    (held,) = open_rows(context.lake, shop.datasets[0], Selection(rule="lines_key_unique"))

    second = [visit(1, 3, [B]), visit(5, 2, [C], gone=True)]
    deliver(context, "visits_2.csv", *second)
    ingest_domain(context, shop)
    validate_domain(context, shop)
    assert seen(context) == elements_of(FIRST), "a parent that is not merged has no elements yet"
    merge_domain(context, shop)
    assert seen(context) == elements_of([*FIRST, *second])

    late = [visit(1, 2, [A, B, C]), visit(3, 2, [A])]
    deliver(context, "visits_3.csv", *late, *FIRST)  # an older version, a newer one, and what came first again
    edit = Edit(held, {"lines": json.dumps([A, B])})
    send_back(context.lake, shop.datasets[0], [edit], ChangeKind.REPAIR, Signature("ann", "mistyped"))
    bring(context)
    so_far = [*FIRST, *second, *late, visit(6, 1, [A, B])]
    assert seen(context) == elements_of(so_far)
    bring(context)
    assert seen(context) == elements_of(so_far), "a second run changes nothing"


BASKET = (
    "physicalType: struct, properties: ["
    "{name: tags, physicalType: array, description: T., items: {physicalType: string}}, "
    "{name: lines, physicalType: array, description: L., items: {physicalType: struct, properties: ["
    "{name: position, physicalType: int, description: P.},"
    " {name: more, physicalType: array, description: M., items: {physicalType: int}}]}}]"
)
TWO_LISTS = "[{path: note.tags, name: tags, prefix: tag_}, {path: note.lines, name: lines, position: place}]"
BASKETS = [
    {"tags": ["x", None, "x"], "lines": [{"position": 7, "more": [1, None]}, None, {"position": None, "more": []}]},
    {"tags": None, "lines": [{"position": 1, "more": None}]}, None, {"tags": [], "lines": None},
]  # fmt: skip


def basket_contract(explode: str) -> str:
    """A contract whose notes are structs of lists."""
    contract = spoiled("fileFormat, value: csv", "fileFormat, value: json_lines")
    contract = spoiled("note, physicalType: string", f"note, {BASKET}", contract)
    return spoiled(DATE, f"      - {{property: explode, value: {explode}}}\n{DATE}", contract)


def test_lists_in_structs_and_null_elements_are_alike(spark: SparkSession, lake: Any, tmp_path: Path) -> None:
    contract = spoiled("fileFormat, value: csv", "fileFormat, value: json_lines")
    contract = spoiled("note, physicalType: string", f"note, {BASKET}", contract)
    contract = spoiled(
        "- {property: dateC", f"- {{property: explode, value: {TWO_LISTS}}}\n      - {{property: dateC", contract
    )
    context = Context(with_docs(write_project(tmp_path, contract)), lake, lambda: spark)
    rows = [{**visit(number, 1), "note": basket, "amount": None} for number, basket in enumerate(BASKETS, start=1)]
    rows.append({**visit(5, 1, gone=True), "note": BASKETS[0], "amount": None})
    deliver(context, "visits_1.csv", *rows)
    bring(context)
    tags = [(1, 1, "x"), (1, 2, None), (1, 3, "x")]
    lines = [(1, 1, 7, [1, None]), (1, 2, None, None), (1, 3, None, []), (2, 1, 1, None)]
    for names, wanted in (("tags: id, tag_position, tag_element", tags), ("lines: id, place, position, more", lines)):
        name, _, columns = names.partition(": ")
        sql = f"select {columns} from {name} order by 1, 2"
        assert run_query(lake, context.contracts, sql, views_in_query(context.project, lake, sql)).rows == wanted
        (dataset,) = context.contracts.datasets
        (elements,) = [elements for elements in dataset.elements if elements.name == name]
        query = query_of_spark(dataset, elements, f"delta.`{lake.silver('visits')}`")
        assert [tuple(row) for row in spark.sql(f"select {columns} from ({query}) order by 1, 2").collect()] == wanted


@pytest.mark.parametrize(
    ("numbers", "is_broken"),
    [("array(1, 2)", False), ("array(1, 1)", True), ("array(1, null)", True), ("array()", False), ("null", False)],
)
def test_a_key_is_there_once_in_each_list(spark: SparkSession, tmp_path: Path, numbers: str, is_broken: bool) -> None:
    contract = basket_contract("{path: note.lines, position: place, key: [position]}")
    (dataset,) = write_project(tmp_path, contract).contracts.datasets
    (rule,) = [rule for rule in dataset.rules if rule.name == "note_lines_key_unique"]
    lines = f"transform(cast({numbers} as array<int>), n -> if(n is null, null, named_struct('position', n)))"
    frame = spark.sql(f"select named_struct('lines', {lines}) as note")
    assert [row[0] for row in frame.select(compile_rule(rule)).collect()] == [is_broken]
