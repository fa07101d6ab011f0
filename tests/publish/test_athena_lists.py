"""UNNEST in Athena's SQL gives the fields of rows as columns, on a laptop too."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot

from lakehouse.publish.athena_sql import NotAthenaError, for_duckdb

TYPES = {
    "id": "INTEGER", "lines": "STRUCT(sku VARCHAR, price DECIMAL(9,2))[]", "tags": "VARCHAR[]",
    "traits": 'STRUCT("key" VARCHAR, "value" INTEGER)[]',
}  # fmt: skip
COLUMNS = {"silver": {"orders": TYPES}}
ROWS = """
    (1, [{sku: 'b', price: 10.50}, NULL, {sku: 'a', price: NULL}], ['x', NULL], [{key: 'k', value: 1}]),
    (2, [], [], []), (3, NULL, NULL, NULL)
"""
PRICE = Decimal("10.50")


def queried(sql: str) -> list[tuple[Any, ...]]:
    names = ", ".join(f'"{name}" {kind}' for name, kind in TYPES.items())
    with duckdb.connect() as connection:
        connection.execute(f"CREATE SCHEMA silver; CREATE TABLE silver.orders ({names})")
        connection.execute(f"INSERT INTO silver.orders VALUES {ROWS}")
        made = for_duckdb(sqlglot.parse_one(sql, dialect="athena"), COLUMNS, sql)
        return connection.execute(made).fetchall()


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT id, t.sku, t.price FROM silver.orders CROSS JOIN UNNEST(lines) AS t(sku, price) ORDER BY 1, 2",
         [(1, "a", None), (1, "b", PRICE), (1, None, None)]),
        ("SELECT id, s, n FROM silver.orders CROSS JOIN UNNEST(lines) WITH ORDINALITY AS t(s, p, n) ORDER BY n",
         [(1, "b", 1), (1, None, 2), (1, "a", 3)]),
        ("SELECT o.id, t.price FROM silver.orders o LEFT JOIN UNNEST(o.lines) AS t(sku, price) ON true ORDER BY 1, 2",
         [(1, PRICE), (1, None), (1, None), (2, None), (3, None)]),
        ("SELECT id, line.sku, price FROM silver.orders CROSS JOIN UNNEST(lines) line ORDER BY 1, 2",
         [(1, "a", None), (1, "b", PRICE), (1, None, None)]),
        ("SELECT id, tag FROM silver.orders, UNNEST(tags) AS t(tag) ORDER BY 2", [(1, "x"), (1, None)]),
        ("SELECT id, k, v FROM silver.orders CROSS JOIN UNNEST(map_from_entries(traits)) AS t(k, v)", [(1, "k", 1)]),
        ("SELECT id, element_at(map_from_entries(traits), 'k') FROM silver.orders WHERE id < 3 ORDER BY 1",
         [(1, 1), (2, None)]),
        ("SELECT id, cardinality(lines), sum(price) * 2 FROM silver.orders CROSS JOIN UNNEST(lines) AS t(sku, price) "
         "GROUP BY 1, 2", [(1, 3, Decimal("21.00"))]),
    ],
)  # fmt: skip
def test_a_list_of_rows_is_unnested_as_athena_does(sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert queried(sql) == rows


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("tags[1], tags[id], tags[id + 1], lines[1].sku, lines[id].sku", ("x", "x", None, "b", "b")),
        ("tags[(SELECT min(id) FROM silver.orders)], tags[cast(id AS bigint)], split('a,b', ',')[id + 1]",
         ("x", "x", "b")),
        ("map(ARRAY[5], ARRAY[7])[5], map(ARRAY[id], ARRAY[7])[id], map(ARRAY['k'], ARRAY[8])['k']", (7, 7, 8)),
        ("map_from_entries(traits)['k'], ARRAY[ARRAY[1, 2]][id][id + 1]", (1, 2)),
    ],
)  # fmt: skip
def test_a_position_counts_from_one_whoever_computes_it(sql: str, row: tuple[Any, ...]) -> None:
    assert queried(f"SELECT {sql} FROM silver.orders WHERE id = 1") == [row]


def test_an_element_gives_a_column_no_name() -> None:
    sql = "SELECT lines[1].sku, tags[1], id, lines[1].price AS price FROM silver.orders"
    made = for_duckdb(sqlglot.parse_one(sql, dialect="athena"), COLUMNS, sql)
    assert sqlglot.parse_one(made, dialect="duckdb").named_selects == ["_col0", "_col1", "id", "price"]


@pytest.mark.parametrize("values", ["tags", "map_from_entries(traits)"])
def test_a_column_without_a_name_is_refused(values: str) -> None:
    """Athena knows no column `one`; DuckDB would show a struct."""
    with pytest.raises(NotAthenaError, match=r"UNNEST .* write AS (one\(value\)|t\(key, value\))"):
        queried(f"SELECT id, one FROM silver.orders CROSS JOIN UNNEST({values}) AS one")


@pytest.mark.parametrize("names", ["line", "sku, price, more"])
def test_another_number_of_columns_is_refused_as_by_athena(names: str) -> None:
    with pytest.raises(NotAthenaError, match=r"UNNEST of rows with 2 fields has .*; write AS t\(sku, price\)"):
        queried(f"SELECT id FROM silver.orders CROSS JOIN UNNEST(lines) AS t({names})")
