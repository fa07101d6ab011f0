"""What analysts see: catalogue entries, Athena views, and proof that a table is readable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from botocore.stub import Stubber
from deltalake import DeltaTable, write_deltalake
from moto import mock_aws
from moto.moto_api import state_manager

from lakehouse import views
from lakehouse.catalogue import Published, publish_table, table_input
from lakehouse.lake import Lake
from lakehouse.publication import ParityError, require_parity
from lakehouse.views import AthenaError, View, ViewError, check_tables, create_view, read_views

ATHENA = "athena::execution"
S3_LAKE = Lake.at("s3://lake/prod")
SALES = pa.schema(
    [
        pa.field("dt", pa.date32(), metadata={"comment": "Day."}),
        pa.field("amount", pa.decimal128(12, 2), metadata={"comment": "Euro, 2 decimals."}),
        pa.field("device", pa.struct([("os", pa.string()), ("sizes", pa.list_(pa.int64()))])),
        pa.field("tags", pa.map_(pa.string(), pa.int32())),
        pa.field("at", pa.timestamp("us", "UTC")),
        pa.field("ok", pa.bool_()),
    ]
)
NULLS: dict[str, Any] = dict.fromkeys(SALES.names)
SALE = {**NULLS, "dt": date(2026, 10, 12), "amount": Decimal("1.50"), "device": {"os": "x", "sizes": [1]}, "ok": True}


def sales(folder: Path, *rows: dict[str, Any], schema: pa.Schema = SALES, **how: Any) -> DeltaTable:
    """A Delta table of these rows."""
    write_deltalake(str(folder), pa.Table.from_pylist(list(rows), schema=schema), **how)
    return DeltaTable(str(folder))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(views, "_POLL_SECONDS", 0.0)
    with mock_aws():
        yield
    state_manager.unset_transition(ATHENA)


@pytest.fixture
def view(tmp_path: Path) -> View:
    """A view with a common table expression, a comment and a quoted name."""
    file = tmp_path / "daily.sql"
    file.write_text(
        "-- description: Sales by day.\n-- column day: UTC date.\n"
        'with paid as (select * from silver.sales) select dt as day, amount from paid join "marts"."stores" on true\n'
    )
    return read_views(tmp_path)[0]


def test_a_table_of_the_catalogue_has_the_real_columns(tmp_path: Path) -> None:
    table = sales(tmp_path / "sales", SALE, NULLS, partition_by=["dt"])
    found = table_input("sales", "s3://lake/prod/curated/silver/sales", table, "All sales.")
    assert [
        (column["Name"], column["Type"], column["Comment"]) for column in found["StorageDescriptor"]["Columns"]
    ] == [
        ("dt", "date", "Day."),
        ("amount", "decimal(12,2)", "Euro, 2 decimals."),
        ("device", "struct<os:string,sizes:array<bigint>>", ""),
        ("tags", "map<string,int>", ""),
        ("at", "timestamp", ""),
        ("ok", "boolean", ""),
    ]
    assert (found["Description"], found["PartitionKeys"]) == ("All sales.", [])
    assert found["StorageDescriptor"]["Location"] == "s3://lake/prod/curated/silver/sales"
    wanted = {"table_type": "DELTA", "delta.lastUpdateVersion": "0", "lakehouse.partition_columns": "dt"}
    assert wanted.items() <= found["Parameters"].items()


def test_a_table_is_written_to_the_catalogue_when_it_differs(aws: None, tmp_path: Path) -> None:
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "silver"})

    def publish(table: DeltaTable) -> tuple[Published, int, list[str]]:
        done = publish_table(glue, S3_LAKE, "silver", "sales", table, "All sales.")
        entry = glue.get_table(DatabaseName="silver", Name="sales")["Table"]
        kept = glue.get_table_versions(DatabaseName="silver", TableName="sales")["TableVersions"]
        return done, len(kept), [column["Name"] for column in entry["StorageDescriptor"]["Columns"]]

    first = sales(tmp_path / "sales", SALE, NULLS)
    assert publish(first) == (Published("silver", "sales", 0, changed=True), 1, SALES.names)
    assert publish(first) == (Published("silver", "sales", 0, changed=False), 1, SALES.names)
    more = SALES.append(pa.field("store_id", pa.string()))
    wider = sales(tmp_path / "sales", {**SALE, "store_id": "S1"}, schema=more, mode="append", schema_mode="merge")
    assert publish(wider) == (Published("silver", "sales", 1, changed=True), 2, [*SALES.names, "store_id"])
    assert publish(wider) == (Published("silver", "sales", 1, changed=False), 2, [*SALES.names, "store_id"])


def test_a_view_is_made_through_athena(aws: None, view: View) -> None:
    state_manager.set_transition(ATHENA, {"progression": "manual", "times": 2})
    athena = boto3.client("athena")
    for _ in range(2):
        create_view(athena, view, "s3://lake/prod/curated/athena_results/", "primary")
    queries = [athena.get_query_execution(QueryExecutionId=number)["QueryExecution"]
               for number in athena.list_query_executions()["QueryExecutionIds"]]  # fmt: skip
    assert [query["Status"]["State"] for query in queries] == ["SUCCEEDED", "SUCCEEDED"]
    assert {query["Query"] for query in queries} == {f'CREATE OR REPLACE VIEW "analytics"."daily" AS\n{view.sql}'}
    assert queries[0]["QueryExecutionContext"] == {"Database": "analytics"}


@pytest.mark.parametrize(("state", "reason"), [("FAILED", "line 1:8: no such column"), ("CANCELLED", "")])
def test_a_view_that_athena_refuses(view: View, state: str, reason: str) -> None:
    athena = boto3.client("athena", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    status = {"State": state, **({"StateChangeReason": reason} if reason else {})}
    with Stubber(athena) as answers:
        answers.add_response("start_query_execution", {"QueryExecutionId": "1"})
        answers.add_response("get_query_execution", {"QueryExecution": {"Status": status}})
        with pytest.raises(AthenaError, match=f"Athena did not make the view daily: {state} {reason}") as caught:
            create_view(athena, view, "s3://lake/results/", "primary")
    assert (caught.value.exit_code, caught.value.state, caught.value.reason) == (75, state, reason)


def test_a_view_that_athena_never_answers(aws: None, view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    state_manager.set_transition(ATHENA, {"progression": "manual", "times": 1_000_000})
    monkeypatch.setattr(views, "_WAIT_SECONDS", 0.05)
    with pytest.raises(AthenaError, match="TIMEOUT no answer"):
        create_view(boto3.client("athena"), view, "s3://lake/results/", "primary")


def test_what_a_view_says_of_itself(view: View) -> None:
    assert (view.name, view.description, view.tables) == ("daily", "Sales by day.", ("marts.stores", "silver.sales"))
    assert "--" not in view.sql
    check_tables(view, {"silver.sales", "marts.stores"})
    with pytest.raises(ViewError, match=r"daily\.sql: reads silver\.sales, .* Did you mean 'silver\.sale'\?"):
        check_tables(view, {"silver.sale", "marts.stores"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select 1 as one\n", r"bad\.sql: has no header line `-- description: …`"),
        ("-- description: Broken.\nselect from where (\n", r"bad\.sql: "),
        ("", r"bad\.sql: has no header line"),
    ],
)
def test_a_view_that_cannot_be_read(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.sql").write_text(text)
    with pytest.raises(ViewError, match=words) as caught:
        read_views(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_table_is_published_only_as_its_log_says(tmp_path: Path) -> None:
    folder = tmp_path / "sales"
    sales(folder, SALE, NULLS)
    for _ in range(2):
        require_parity("silver", "sales", sales(folder, SALE, mode="append"))
    log = folder / "_delta_log" / f"{1:020}.json"
    log.write_text(log.read_text().replace('numRecords\\":1', 'numRecords\\":7'))
    with pytest.raises(ParityError, match=r"silver\.sales: a reader counts 4 rows, its log says 10\.") as caught:
        require_parity("silver", "sales", DeltaTable(str(folder)))
    assert (caught.value.table, caught.value.exit_code) == ("silver.sales", 3)


def test_a_data_file_removed_by_hand(tmp_path: Path) -> None:
    table = sales(tmp_path / "sales", SALE, NULLS)
    Path(table.file_uris()[0]).unlink()
    with pytest.raises(ParityError, match="a file that its log names cannot be read"):
        require_parity("silver", "sales", table)
