"""What analysts see: catalogue entries, Athena views, and proof that a table is readable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from moto import mock_aws
from moto.core.exceptions import JsonRESTError
from moto.glue.responses import GlueResponse
from moto.moto_api import state_manager

from lakehouse.contracts.marts import Described
from lakehouse.publish import athena
from lakehouse.publish.athena import Athena, AthenaBusyError
from lakehouse.publish.catalogue import MANAGED, VERSION, GlueCatalogue, table_input
from lakehouse.publish.parity import ParityError, UnreadableFeatureError, open_readable, require_parity
from lakehouse.publish.view_check import check_views
from lakehouse.publish.views import View, ViewError, read_views, resolve

ATHENA = "athena::execution"
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
    monkeypatch.setattr(athena, "POLL_SECONDS", 0.0)
    with mock_aws():
        yield
    state_manager.unset_transition(ATHENA)


@pytest.fixture
def view(tmp_path: Path) -> View:
    """A view with a common table expression, a comment and a quoted name."""
    file = tmp_path / "daily.sql"
    file.write_text(
        "-- description: Sales by day.\n-- column day date: UTC date.\n-- column amount decimal(12,2): Euro.\n"
        'with paid as (select * from silver.sales) select dt as day, amount from paid join "marts"."stores" on true\n'
    )
    return read_views(tmp_path)[0]


def test_a_table_of_the_catalogue_has_the_real_columns(tmp_path: Path) -> None:
    table = sales(tmp_path / "sales", SALE, NULLS, partition_by=["dt"])
    found = table_input("sales", "s3://lake/prod/curated/silver/sales", table, Described("All sales.", {"ok": "Paid."}))
    assert [
        (column["Name"], column["Type"], column["Comment"]) for column in found["StorageDescriptor"]["Columns"]
    ] == [
        ("dt", "date", "Day."),
        ("amount", "decimal(12,2)", "Euro, 2 decimals."),
        ("device", "struct<os:string,sizes:array<bigint>>", ""),
        ("tags", "map<string,int>", ""),
        ("at", "timestamp", ""),
        ("ok", "boolean", "Paid."),
    ]
    assert (found["Description"], found["PartitionKeys"]) == ("All sales.", [])
    assert found["StorageDescriptor"]["Location"] == "s3://lake/prod/curated/silver/sales"
    wanted = {
        "table_type": "DELTA",
        "spark.sql.sources.provider": "delta",
        "delta.lastUpdateVersion": "0",
        "lakehouse.partition_columns": "dt",
    }
    assert wanted.items() <= found["Parameters"].items()


def test_a_text_that_glue_would_not_take_is_cut(tmp_path: Path) -> None:
    table = sales(tmp_path / "sales", SALE, NULLS)
    for length, shown in ((255, 255 * "c"), (256, 254 * "c" + "…")):
        found = table_input("sales", "s3://lake/sales", table, Described(2049 * "d", {"ok": length * "c"}))
        assert found["StorageDescriptor"]["Columns"][-1]["Comment"] == shown
        assert found["Description"] == 2047 * "d" + "…"


def entry_of_sales(glue: Any) -> tuple[int, list[str], str]:
    """How many versions the entry of `sales` had, its columns, and the Delta version it stands for."""
    entry = glue.get_table(DatabaseName="silver", Name="sales")["Table"]
    kept = glue.get_table_versions(DatabaseName="silver", TableName="sales")["TableVersions"]
    return len(kept), [c["Name"] for c in entry["StorageDescriptor"]["Columns"]], entry["Parameters"][VERSION]


def test_a_table_is_written_to_the_catalogue_when_it_differs(aws: None, tmp_path: Path) -> None:
    glue, path = boto3.client("glue"), str(tmp_path / "sales")
    glue.create_database(DatabaseInput={"Name": "silver"})
    catalogue = GlueCatalogue(glue)
    first = table_input("sales", path, sales(tmp_path / "sales", SALE, NULLS))
    assert [catalogue.put("silver", first, path) for _ in range(2)] == [True, False]
    assert entry_of_sales(glue) == (1, SALES.names, "0")
    more = SALES.append(pa.field("store_id", pa.string()))
    wider = sales(tmp_path / "sales", {**SALE, "store_id": "S1"}, schema=more, mode="append", schema_mode="merge")
    second = table_input("sales", path, wider)
    assert [catalogue.put("silver", second, path) for _ in range(2)] == [True, False]
    assert entry_of_sales(glue) == (2, [*SALES.names, "store_id"], "1")
    assert {"numRows": "3", "numFiles": "2"}.items() <= second["Parameters"].items()
    # A publisher that was slower does not take the later state away.
    assert not catalogue.put("silver", first, path)
    assert entry_of_sales(glue) == (2, [*SALES.names, "store_id"], "1")


def test_of_two_publishers_the_second_looks_again(aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    glue, path = boto3.client("glue"), str(tmp_path / "sales")
    glue.create_database(DatabaseInput={"Name": "silver"})
    catalogue = GlueCatalogue(glue)
    catalogue.put("silver", table_input("sales", path, sales(tmp_path / "sales", SALE, NULLS)), path)
    update, asked = GlueResponse.update_table, []

    def checked(self: Any) -> Any:
        """Moto with Glue's own check, which it lacks; a rival comes before the first update."""
        asked.append(self.parameters["VersionId"])
        if len(asked) == 1:
            raise JsonRESTError("ConcurrentModificationException", "Update table failed.")
        return update(self)

    monkeypatch.setattr(GlueResponse, "update_table", checked)
    newer = table_input("sales", path, sales(tmp_path / "sales", SALE, mode="append"))
    assert catalogue.put("silver", newer, path)
    assert len(asked) == 2
    assert entry_of_sales(glue)[2] == "1"


def test_only_what_we_published_is_dropped(aws: None) -> None:
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "silver"})
    for name, parameters in (("sales", {MANAGED: "table"}), ("old", {MANAGED: "table"}), ("theirs", {})):
        glue.create_table(DatabaseName="silver", TableInput={"Name": name, "Parameters": parameters})
    assert GlueCatalogue(glue).drop_others("silver", {"sales"}) == ["old"]
    assert [t["Name"] for t in glue.get_tables(DatabaseName="silver")["TableList"]] == ["sales", "theirs"]


def test_a_statement_that_athena_never_answers(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    state_manager.set_transition(ATHENA, {"progression": "manual", "times": 1_000_000})
    monkeypatch.setattr(athena, "WAIT_SECONDS", 0.05)
    with pytest.raises(AthenaBusyError, match="TIMEOUT no answer"):
        Athena(boto3.client("athena"), "s3://lake/results/", "primary").run("select 1", "answer")


def write_view(folder: Path, name: str, sql: str, *columns: str) -> None:
    header = "".join(f"-- column {column} bigint: Number.\n" for column in columns)
    (folder / f"{name}.sql").write_text(f"-- description: {name}.\n{header}{sql}\n")


def faults(folder: Path, **known: list[str]) -> list[str]:
    """What is wrong with the views of a folder over these silver tables."""
    return [str(fault) for fault in check_views(read_views(folder), {f"silver.{k}": v for k, v in known.items()})]


def test_a_fault_of_a_view_has_file_line_and_the_nearest_name(tmp_path: Path) -> None:
    write_view(tmp_path, "one", "select\n    amout as a,\n    s.b\nfrom silver.sales as s", "a", "b")
    write_view(tmp_path, "two", "with c as (select a from analytics.one)\nselect a from c order by a", "a")
    assert faults(tmp_path, sales=["amount", "b"]) == ["one.sql:5: unknown column amout. Did you mean 'amount'?"]
    assert faults(tmp_path, sale=["amout", "b"]) == [
        "one.sql:7: reads silver.sales, which is not published. Did you mean 'silver.sale'?"
    ]
    write_view(tmp_path, "two", "select a, bb from analytics.one", "a", "b")
    assert faults(tmp_path, sales=["amout", "b"]) == [
        "two.sql:4: unknown column bb. Did you mean 'b'?",
        "two.sql:4: selects bb, but the header has no `-- column` line for it. Did you mean 'b'?",
        "two.sql:3: declares the column b, but its SELECT does not have it.",
    ]


def test_a_view_may_be_sorted_by_its_own_names_and_a_window_not(tmp_path: Path) -> None:
    write_view(
        tmp_path, "one", "select amount as a, rank() over (order by a) as n from silver.sales order by a", "a", "n"
    )
    assert faults(tmp_path, sales=["amount"]) == ["one.sql:4: unknown column a. Known: amount."]


def test_views_come_after_those_that_they_read_and_stand_on_tables_alone(tmp_path: Path) -> None:
    write_view(tmp_path, "a", "select x from analytics.b", "x")
    write_view(tmp_path, "b", "select x from silver.sales", "x")
    shown = resolve(read_views(tmp_path), {})
    assert [view.name for view in shown] == ["b", "a"]
    assert [view.tables for view in shown] == [("silver.sales",), ("silver.sales",)]
    assert "analytics" not in shown[1].query
    write_view(tmp_path, "b", "select x from analytics.a", "x")
    with pytest.raises(ViewError, match="reads itself through"):
        read_views(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select 1 as one\n", r"bad\.sql: has no header line `-- description: …`"),
        ("-- description: Broken.\nselect 1 as one\n", r"bad\.sql: has no header line `-- column"),
        ("-- description: Broken.\n-- column one\nselect 1 as one\n", r"bad\.sql:2: `-- column one` cannot be read"),
        ("-- description: Broken.\n-- column a date: A.\nselect from where (\n", r"bad\.sql:\d: "),
        ("", r"bad\.sql: has no header line"),
    ],
)
def test_a_view_that_cannot_be_read(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.sql").write_text(text)
    with pytest.raises(ViewError, match=words) as caught:
        read_views(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_a_view_says_of_itself(view: View) -> None:
    assert (view.name, view.description, view.reads) == ("daily", "Sales by day.", ("marts.stores", "silver.sales"))
    (shown,) = resolve([view], {})
    assert shown.statement.startswith('CREATE OR REPLACE VIEW "analytics"."daily" AS\nSELECT\n    CAST("day" AS date)')


FEATURES = (
    "v2Checkpoint", "typeWidening", "typeWidening-preview", "variantType", "variantType-preview",
    "variantShredding-preview", "vacuumProtocolCheck", "catalogManaged", "somethingNew",
)  # fmt: skip


def table_with_feature(folder: Path, feature: str) -> str:
    """A table whose log asks its readers for a feature."""
    column = {"name": "a", "type": "long", "nullable": True, "metadata": {}}
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": [feature], "writerFeatures": [feature]}
    metadata = {
        "id": "a", "format": {"provider": "parquet", "options": {}}, "partitionColumns": [], "configuration": {},
        "schemaString": json.dumps({"type": "struct", "fields": [column]}), "createdTime": 1,
    }  # fmt: skip
    (folder / "_delta_log").mkdir(parents=True)
    actions = ({"protocol": protocol}, {"metaData": metadata})
    (folder / "_delta_log" / f"{0:020}.json").write_text("\n".join(map(json.dumps, actions)))
    return str(folder)


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_that_athena_does_not_read_is_refused_by_name(tmp_path: Path, feature: str) -> None:
    path = table_with_feature(tmp_path / "sales", feature)
    words = f"silver.sales: uses the Delta feature {feature}, which Athena does not read.*DROP FEATURE {feature} "
    with pytest.raises(UnreadableFeatureError, match=words) as caught:
        open_readable("silver.sales", path)
    assert (caught.value.feature, caught.value.exit_code) == (feature, 3)


@pytest.mark.parametrize("feature", ["deletionVectors", "columnMapping", "timestampNtz"])
def test_a_feature_that_athena_reads(tmp_path: Path, feature: str) -> None:
    assert open_readable("silver.sales", table_with_feature(tmp_path / "sales", feature)) is not None


def test_a_table_is_published_only_as_its_log_says(tmp_path: Path) -> None:
    folder = tmp_path / "sales"
    sales(folder, SALE, NULLS)
    for _ in range(2):
        require_parity("silver.sales", sales(folder, SALE, mode="append"))
    log = folder / "_delta_log" / f"{1:020}.json"
    log.write_text(log.read_text().replace('numRecords\\":1', 'numRecords\\":7'))
    with pytest.raises(
        ParityError, match=r"silver\.sales: a reader counts 4 rows, but its Delta log says 10\."
    ) as caught:
        require_parity("silver.sales", DeltaTable(str(folder)))
    assert (caught.value.table, caught.value.exit_code) == ("silver.sales", 3)


def test_a_data_file_removed_by_hand(tmp_path: Path) -> None:
    table = sales(tmp_path / "sales", SALE, NULLS)
    Path(table.file_uris()[0]).unlink()
    with pytest.raises(ParityError, match="a file that its log names cannot be read"):
        require_parity("silver.sales", table)
