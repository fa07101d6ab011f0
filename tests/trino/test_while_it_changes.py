"""Tables change their schema, views change, publishing dies: an analyst who asks all the while meets no failed query.

Last of the tests on Trino, by its name, for it changes the lake that they share.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from deltalake import Field, QueryBuilder, write_deltalake
from deltalake.schema import PrimitiveType, StructType

from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import existing_table, storage_options
from lakehouse.publish.athena import AthenaError
from lakehouse.publish.catalogue import VERSION
from tests.helpers.stand_in.published import S3_LAKE, Cloud, publish
from tests.helpers.stand_in.reader import reading

pytestmark = [pytest.mark.trino, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
KILLED = Path(__file__).with_name("killed_publish.py")
LEADS, PRODUCTS = S3_LAKE.silver("crm_leads"), S3_LAKE.silver("products")
VIEWS = ("leads_ageing", "current_products", "daily_store_metrics", "table_freshness")
# Publishing is killed at each of about forty points, or at one in so many of them.
KILL_EVERY = int(os.environ.get("KILL_EVERY", "1"))
GENERATIONS = ("current_products", "conversion_funnel")


def rewritten(path: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Write a table anew with other columns, as a person does who renames, drops or widens one."""
    table = existing_table(path)
    rows = change(pa.table(QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all()))
    parts = table.metadata().partition_columns
    write_deltalake(
        path, rows, mode="overwrite", schema_mode="overwrite", partition_by=parts, storage_options=storage_options(path)
    )


def adds_a_column() -> None:
    existing_table(LEADS).alter.add_columns([Field("campaign", PrimitiveType("string"))])


def adds_a_nested_column() -> None:
    place = StructType([Field("city", PrimitiveType("string")), Field("floor", PrimitiveType("integer"))])
    existing_table(LEADS).alter.add_columns([Field("place", place)])


def comments_a_column() -> None:
    existing_table(LEADS).alter.set_column_metadata("status", {"comment": "Where the lead stands today."})


def widens_a_column() -> None:
    wide = pa.decimal128(16, 2)
    rewritten(PRODUCTS, lambda t: t.set_column(t.schema.get_field_index("list_price"), "list_price",
                                               t["list_price"].cast(wide)))  # fmt: skip


def renames_a_column() -> None:
    rewritten(LEADS, lambda t: t.rename_columns(["contact_phone" if n == "phone" else n for n in t.column_names]))


def drops_a_column() -> None:
    rewritten(LEADS, lambda t: t.drop_columns(["email"]))


CHANGES = (adds_a_column, adds_a_nested_column, comments_a_column, widens_a_column, renames_a_column, drops_a_column)


def shown(layer: str, name: str) -> dict[str, tuple[str, str]]:
    """The columns of a table in Glue: type and comment."""
    entry = boto3.client("glue").get_table(DatabaseName=layer, Name=name)["Table"]
    return {c["Name"]: (c["Type"], c.get("Comment", "")) for c in entry["StorageDescriptor"]["Columns"]}


def test_a_reader_meets_no_schema_change(project: Project, cloud: Cloud, published: list[str]) -> None:
    with reading(cloud.trino, *[f"select * from analytics.{view}" for view in VIEWS[:3]]) as reader:
        for change in CHANGES:
            change()
            reader.asks()  # the log has changed, the catalogue has not
            publish(project)
            reader.asks()
            assert reader.failures == [], change.__name__
            for layer, name, path in (("silver", "crm_leads", LEADS), ("silver", "products", PRODUCTS)):
                assert list(shown(layer, name)) == [field.name for field in existing_table(path).schema().fields]
    assert {question: len(answers) for question, answers in reader.seen.items()} == dict.fromkeys(reader.seen, 1)
    leads = shown("silver", "crm_leads")
    assert leads["campaign"][0] == "string"
    assert leads["place"][0] == "struct<city:string,floor:int>"
    assert shown("silver", "products")["list_price"][0] == "decimal(16,2)"
    assert "contact_phone" in leads
    assert not {"phone", "email"} & set(leads)


def other_views(folder: Path, generation: object) -> Project:
    """A copy of the project of which two views say what generation they are."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("contracts", "great_expectations", "dbt"):
        shutil.copytree(ROOT / part, folder / part)
    for name in GENERATIONS:
        file = folder / "dbt" / "athena_views" / f"{name}.sql"
        header, query = file.read_text().split("\nselect\n", 1)
        columns, source = query.split("\nfrom ", 1)
        declared = f"{header}\n-- column generation bigint: Number of the change."
        file.write_text(f"{declared}\nselect\n{columns},\n    {generation} as generation\nfrom {source}")
    return Project(folder)


def entries() -> dict[str, dict[str, Any]]:
    """What Glue says of every table and view but our ledgers, which tell of publishing itself."""
    glue, kept = boto3.client("glue"), {}
    for database in ("silver", "quarantine", "marts", "pinned", "analytics"):
        for entry in glue.get_tables(DatabaseName=database)["TableList"]:
            kept[f"{database}.{entry['Name']}"] = entry
    return kept


def generations(cloud: Cloud) -> list[object]:
    return [cloud.trino.run(f"select max(generation) from analytics.{view}").rows[0][0] for view in GENERATIONS]


def test_views_stand_all_or_the_earlier_ones_stay(cloud: Cloud, published: list[str], tmp_path: Path) -> None:
    publish(other_views(tmp_path, 1))
    before = entries()
    wrong = other_views(tmp_path, 2)
    file = wrong.dbt / "athena_views" / "current_products.sql"
    # By its words nothing is wrong with it: Trino alone finds that its types do not fit.
    file.write_text(file.read_text().replace("2 as generation", "abs(date '2026-01-02') as generation"))
    with pytest.raises(AthenaError, match="accept the view current_products"):
        publish(wrong)
    assert entries() == before
    assert generations(cloud) == [1, 1]


def test_a_view_goes_with_its_file_and_a_foreign_one_stays(
    project: Project, cloud: Cloud, published: list[str], tmp_path: Path
) -> None:
    assert cloud.trino.run("create view analytics.by_hand as select 1 as one").error is None
    fewer = other_views(tmp_path, 1)
    (fewer.dbt / "athena_views" / "leads_ageing.sql").unlink()
    assert "leads_ageing" not in publish(fewer)
    assert "analytics.leads_ageing" not in entries()
    assert cloud.trino.run("select one from analytics.by_hand").rows == [[1]]
    assert "leads_ageing" in publish(project)
    assert cloud.trino.run("select count(*) from analytics.leads_ageing").error is None
    assert cloud.trino.run("drop view analytics.by_hand").error is None


def test_whatever_point_publishing_dies_at(cloud: Cloud, published: list[str], tmp_path: Path) -> None:
    publish(other_views(tmp_path, 0))
    questions = [f"select max(generation), count(*) from analytics.{view}" for view in GENERATIONS]
    changed, points = (LEADS, S3_LAKE.table("marts", "fct_daily_store_metrics")), 0
    with reading(cloud.trino, *questions) as reader:
        reader.asks()
        for number in range(1, 100, KILL_EVERY):
            for path in changed:  # each has a new version to show
                existing_table(path).alter.set_table_properties(
                    {"delta.logRetentionDuration": f"interval {30 + number} days"}
                )
            new = other_views(tmp_path, number)
            died = subprocess.run(
                [sys.executable, KILLED, str(number)], cwd=ROOT, capture_output=True, text=True, timeout=120,
                env={**os.environ, "PYTHONPATH": f"{ROOT}/glue_jobs:{ROOT}", "LAKEHOUSE_PROJECT": str(new.root)},
            )  # fmt: skip
            assert died.returncode in (0, -9), died.stderr[-2000:]
            points += died.returncode == -9
            ended = died.returncode == 0
            print(f"point {number}: {'ended' if ended else 'killed'}", flush=True)
            if ended or number % (4 * KILL_EVERY) == 1:  # else the next run begins with what this one left
                publish(new)
                assert generations(cloud) == [number, number]
                after = entries()
                for path in changed:
                    name = ".".join(path.rsplit("/", 2)[1:])
                    assert after[name]["Parameters"][VERSION] == str(existing_table(path).version())
            if ended:
                break
        publish(new)
        assert entries() == after
        reader.asks(1)
    assert points >= 10 / KILL_EVERY
    assert reader.failures == []
    for answers in reader.seen.values():
        counts = {row[1] for answer in answers for row in answer}
        assert len(counts) == 1  # the rows are always all there
        assert {row[0] for answer in answers for row in answer} <= set(range(number + 1))
