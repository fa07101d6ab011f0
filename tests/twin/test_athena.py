"""Athena's queries run: over Delta tables and views of the catalogue, in the caller's name, with results on S3."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.contract import Contracts
from lakehouse.publish import athena as athena_module
from lakehouse.publish.athena import Athena, AthenaBusyError, AthenaError
from lakehouse.publish.athena_query import query_athena
from tools.twin.athena_engine import original_sql
from tools.twin.calls import SECRET, Caller
from tools.twin.server import Server

ROWS = pa.table({
    "id": pa.array([1, 2, 3], pa.int64()),
    "amount": pa.array([Decimal("1.50"), None, Decimal("-2.00")], pa.decimal128(10, 2)),
    "day": pa.array([date(2026, 3, 1), date(2026, 3, 2), None], pa.date32()),
    "at": pa.array([datetime(2026, 3, 1, 12, tzinfo=UTC)] * 3, pa.timestamp("us", "UTC")),
    "name": ["a", None, ""],
    "is_new": [True, False, None],
})  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def table(session_server: Server) -> None:
    """One Delta table in the curated bucket, and its entry in the catalogue."""
    clients, place = session_server.clients, f"s3://{session_server.plan.bucket('curated')}/curated/silver/small"
    options = {"AWS_ENDPOINT_URL": clients.address, "AWS_ALLOW_HTTP": "true", "AWS_REGION": clients.region,
               "AWS_ACCESS_KEY_ID": Caller("operator").key, "AWS_SECRET_ACCESS_KEY": SECRET,
               "AWS_S3_ALLOW_UNSAFE_RENAME": "true"}  # fmt: skip
    # In a process of its own would be the rule; a write of three rows asks the server only between its own steps.
    write_deltalake(place, ROWS, storage_options=options)
    entry = {"Name": "small", "Parameters": {"table_type": "DELTA"}, "StorageDescriptor": {"Location": place}}
    clients.of("glue").create_table(DatabaseName="silver", TableInput=entry)


@pytest.fixture
def athena(server: Server, monkeypatch: pytest.MonkeyPatch) -> Athena:
    """Athena as our jobs and commands see it."""
    monkeypatch.setattr(athena_module, "POLL_SECONDS", 0.05)
    bucket = server.plan.bucket("curated")
    return Athena(server.clients.of("athena"), f"s3://{bucket}/curated/athena_results/", f"{server.plan.name}-analysts")


def rows(athena: Athena, sql: str) -> Any:
    return query_athena(athena, Contracts(()), sql)


def test_values_come_with_athenas_types(athena: Athena) -> None:
    found = rows(athena, "SELECT id, amount, day, name, is_new FROM silver.small ORDER BY id")
    assert found.types == ("bigint", "decimal", "date", "varchar", "boolean")
    assert found.result.rows == [
        (1, Decimal("1.50"), date(2026, 3, 1), "a", True),
        (2, None, date(2026, 3, 2), None, False),
        (3, Decimal("-2.00"), None, "", None),
    ]


def test_the_words_of_athena_are_translated(athena: Athena) -> None:
    sql = (
        "SELECT date_format(at, '%Y-%m') AS month, approx_distinct(id) AS ids, CAST(at AS timestamp) AS at, "
        "array_join(array_agg(name ORDER BY id), ',') AS names FROM silver.small GROUP BY 1, 3"
    )
    assert rows(athena, sql).result.rows == [("2026-03", 3, datetime(2026, 3, 1, 12), "a,")]


def test_numbers_and_names_are_athenas(athena: Athena) -> None:
    """By Trino's rules a division of integers is one, and a column without a name is called by its place."""
    found = rows(athena, "SELECT count(*), 7 / 2, avg(amount) FROM silver.small").result
    assert found.columns == ("_col0", "_col1", "_col2")
    assert found.rows == [(3, 3, Decimal("-0.25"))]


def test_a_query_counts_the_bytes_that_it_reads_and_leaves_its_result(athena: Athena, server: Server) -> None:
    query, cost = athena.run("SELECT name FROM silver.small WHERE id = 1", "ask")
    assert 0 < cost.bytes_scanned < 10_000
    assert athena.run("SELECT * FROM silver.small LIMIT 0", "ask")[1].bytes_scanned <= cost.bytes_scanned
    # The workgroup insists on its own folder.
    key = f"curated/athena_results/analysts/{query}.csv"
    body = server.clients.of("s3").get_object(Bucket=server.plan.bucket("curated"), Key=key)["Body"].read()
    assert body.decode().splitlines() == ['"name"', '"a"']


def test_a_view_is_kept_in_the_catalogue_and_read(athena: Athena, server: Server) -> None:
    sql = "SELECT id, CAST(amount AS varchar) AS amount FROM silver.small"
    athena.run(f"EXPLAIN (TYPE VALIDATE) {sql}", "accept", "analytics")
    athena.run(f'CREATE OR REPLACE VIEW "analytics"."shown" AS\n{sql}', "create", "analytics")
    entry = server.clients.of("glue").get_table(DatabaseName="analytics", Name="shown")["Table"]
    assert entry["TableType"] == "VIRTUAL_VIEW"
    assert original_sql(entry["ViewOriginalText"]) == sql
    columns = [(column["Name"], column["Type"]) for column in entry["StorageDescriptor"]["Columns"]]
    assert columns == [("id", "bigint"), ("amount", "string")]
    assert rows(athena, "SELECT count(amount) AS n FROM analytics.shown").result.rows == [(2,)]
    athena.run('DROP VIEW IF EXISTS "analytics"."shown"', "drop", "analytics")
    athena.run('DROP VIEW IF EXISTS "analytics"."shown"', "drop", "analytics")
    with pytest.raises(AthenaError, match="TABLE_NOT_FOUND"):
        athena.run("SELECT 1 FROM analytics.shown", "ask")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT nothing FROM silver.small", "COLUMN_NOT_FOUND: line 1:1: small has no column nothing"),
        ("SELECT id FROM silver.smell", "TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.silver.smell' does not"),
        ("SELECT id FROM", "SYNTAX_ERROR: line 1"),
    ],
)
def test_a_query_that_cannot_run_says_why_in_athenas_words(athena: Athena, sql: str, reason: str) -> None:
    with pytest.raises(AthenaError) as failed:
        athena.run(sql, "ask")
    assert failed.value.reason.startswith(reason)


def test_athena_reads_in_the_callers_name(server: Server) -> None:
    """The role of Airflow may ask whether a view stands, and read no file of silver."""
    client = server.clients.of("athena", Caller("airflow"))
    started = client.start_query_execution(
        QueryString="SELECT id FROM silver.small", WorkGroup=f"{server.plan.name}-airflow"
    )
    until = time.monotonic() + 30
    while True:
        shown = client.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
        if shown["Status"]["State"] in ("SUCCEEDED", "FAILED"):
            break
        assert time.monotonic() < until
    assert shown["Status"]["State"] == "FAILED"
    assert "AccessDenied" in shown["Status"]["StateChangeReason"]


def test_a_fault_lets_a_query_fail_once(athena: Athena, server: Server) -> None:
    server.faults.begin("query-failed")
    with pytest.raises(AthenaBusyError, match="GENERIC_INTERNAL_ERROR"):
        athena.run("SELECT 1 AS one", "ask")
    assert rows(athena, "SELECT 1 AS one").result.rows == [(1,)]
