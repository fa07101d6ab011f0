"""A dataset is dropped from a lake on S3: nothing is left but the record, in S3, the ledgers and the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import PINNED, SILVER
from lakehouse.contracts.project import Project
from lakehouse.cycle.drop import NothingLeftError, drop, leftovers
from lakehouse.lake.dataset_changes import changes_of_dataset
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from tests.cycle.test_drop import BY, counts, left  # noqa: F401
from tests.s3.conftest import BUCKET, Store

PREFIX = "prod"
LEDGERS = ("batches", "validation_results", "published", "pins", "milestones")


@pytest.fixture
def on_s3(store: Store, left: Lake) -> Lake:  # noqa: F811
    """The lake of that dataset and another one, on S3 and in the catalogue."""
    s3, glue = boto3.client("s3"), boto3.client("glue")
    for file in (file for file in Path(left.root).rglob("*") if file.is_file()):
        s3.upload_file(str(file), BUCKET, f"{PREFIX}/{file.relative_to(left.root)}")
    for database in (SILVER, PINNED):
        glue.create_database(DatabaseInput={"Name": database})
        for dataset in ("stock_counts", "erp_orders"):
            name = dataset if database == SILVER else f"{dataset}_v0"
            glue.create_table(DatabaseName=database, TableInput={"Name": name})
    return Lake.at(f"s3://{BUCKET}/{PREFIX}")


def keys() -> set[str]:
    """Every object of the lake."""
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{PREFIX}/")
    return {item["Key"] for page in pages for item in page.get("Contents", ())}


def entries() -> set[tuple[str, str]]:
    """Every table of the catalogue."""
    glue = boto3.client("glue")
    return {(d, table["Name"]) for d in (SILVER, PINNED) for table in glue.get_tables(DatabaseName=d)["TableList"]}


def rows(lake: Lake) -> list[dict[str, Any]]:
    return [row for ledger in LEDGERS for row in read_rows(lake.ops(ledger))]


def test_a_drop_leaves_nothing_but_its_record(on_s3: Lake, counts: Dataset, project: Project) -> None:  # noqa: F811
    context = Context(project, on_s3, lambda: pytest.fail("a drop needs no Spark"))
    others = {key for key in keys() if "stock" not in key and "/ops/" not in key}
    about = [row for row in rows(on_s3) if "stock" in str(row)]
    assert about
    assert len(others) > 5
    found = leftovers(context, counts.domain, counts.name)
    drop(context, counts.domain, counts.name, found, BY)
    assert {key for key in keys() if "stock" in key} == set()
    assert others <= keys()
    assert [row for row in rows(on_s3) if "stock" in str(row)] == []
    assert entries() == {(SILVER, "erp_orders"), (PINNED, "erp_orders_v0")}
    assert [(change.state, change.who) for change in changes_of_dataset(on_s3, counts.name)] == [
        ("started", BY.who),
        ("done", BY.who),
    ]
    again = leftovers(context, counts.domain, counts.name)
    assert (again.lines, again.is_unfinished) == ((), False)
    with pytest.raises(NothingLeftError, match="holds nothing of a dataset"):
        leftovers(context, "stock/..", counts.name)
