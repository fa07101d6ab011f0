"""The whole cycle with the lake on S3, by the commands of a person: as exact as on a disk, and again without effect."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import LAYERS
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import open_table, read_rows, select, table_version
from lakehouse.lake.files import split_s3
from lakehouse.lake.paths import Lake
from tests.helpers.lakes import FACT, rows, versions
from tests.oracle import expected
from tests.s3.conftest import Store

pytestmark = pytest.mark.s3_drivers

ROOT = Path(__file__).parents[2]
SAMPLES, DAY2 = ROOT / "samples", ROOT / "samples" / "day2"
LAKE = Lake.at("s3://lake/prod")


def ran(*command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a person from the project's folder."""
    words = [str(word) for word in command]
    env = {**os.environ, "NO_COLOR": "1", **environment}
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=280, env=env)


def cycle(delivery: Path) -> None:
    done = ran(sys.executable, "local_runner.py", "--output-dir", LAKE.root, "--landing-dir", delivery)
    assert done.returncode == 0, done.stdout + done.stderr


def fact() -> list[tuple[Any, ...]]:
    columns = ", ".join(expected([SAMPLES]).fact.columns)
    return rows(LAKE, Project(ROOT).contracts, f"select {columns} from marts.{FACT} order by dt, store_id")


def silver(dataset: Dataset) -> list[tuple[Any, ...]]:
    """Silver as the table has it, tombstones included; times naive and in UTC."""
    names = [column.name for column in dataset.silver_columns if column.name not in ("month", "_batch_id")]
    order = (*dataset.key, *dataset.sequence_by) if dataset.merge_strategy is MergeStrategy.SCD2 else dataset.key
    table = open_table(LAKE.silver(dataset.name))
    assert table is not None
    found = select(table, f"SELECT {', '.join(names)} FROM t ORDER BY {', '.join(order)}")
    return [tuple(plain(row[name]) for name in names) for row in found]


def plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value


def assert_exact(deliveries: list[Path]) -> None:
    wanted = expected(deliveries)
    assert fact() == [tuple(row) for row in wanted.fact.rows]
    for name, table in wanted.silver.items():
        assert silver(Project(ROOT).contracts.dataset(name)) == [tuple(row) for row in table.rows], name


@pytest.mark.timeout(900)
def test_the_samples_from_landing_to_views(store: Store) -> None:
    glue = boto3.client("glue")
    for database in (*LAYERS, "pinned"):
        glue.create_database(DatabaseInput={"Name": database})  # as Terraform does
    cycle(SAMPLES)
    assert_exact([SAMPLES])
    cycle(DAY2)
    assert_exact([SAMPLES, DAY2])
    before = versions(LAKE)
    cycle(DAY2)
    assert versions(LAKE) == before
    published = glue.get_table(DatabaseName="marts", Name=FACT)["Table"]
    assert published["StorageDescriptor"]["Location"] == LAKE.table("marts", FACT)
    assert boto3.client("s3").head_object(Bucket="lake", Key="prod/report.html")["ContentType"].startswith("text/html")
    assert_docs()
    for words in (("ingest", "--domain", "erp"), ("maintain",)):
        done = ran("./spark_local.sh", *words, "--lake_root", LAKE.root)
        assert done.returncode == 0, done.stdout + done.stderr
    assert_exact([SAMPLES, DAY2])
    assert_pinned_and_taken_back()


def assert_docs() -> None:
    """Every batch that was judged has its page, and the index leads to each."""
    results = read_rows(LAKE.ops("validation_results"))
    pages = sorted(result["data_docs"].removeprefix(f"{LAKE.docs}/data_docs/") for result in results)
    index = text_of("docs/data_docs/index.html")
    assert sorted(set(re.findall(r'href="(validations/[^"?]*)', index))) == pages
    assert all("Status:</span>" in text_of(f"docs/data_docs/{page}") for page in pages)
    assert "fct_daily_store_metrics" in text_of("docs/dbt/index.html")


def text_of(name: str) -> str:
    """An object below the curated prefix."""
    bucket, prefix = split_s3(LAKE.curated)
    return boto3.client("s3").get_object(Bucket=bucket, Key=f"{prefix}/{name}")["Body"].read().decode()


def assert_pinned_and_taken_back() -> None:
    """The fact as of its first version is kept beside; orders go back a version with the fact, and forward again."""
    person = (sys.executable, "-m", "lakehouse")
    contracts = Project(ROOT).contracts
    done = ran(*person, "publish", FACT, "--as-of", "0", "--lake", LAKE.root)
    assert done.returncode == 0, done.stderr
    columns = ", ".join(expected([SAMPLES]).fact.columns)
    assert rows(LAKE, contracts, f"select {columns} from pinned.{FACT}_v0 order by dt, store_id") == [
        tuple(row) for row in expected([SAMPLES]).fact.rows
    ]
    version = table_version(LAKE.silver("erp_orders"))
    for to_version in (0, version):
        words = ("--to", str(to_version), "--why", "wrong prices", "--lake", LAKE.root)
        done = ran(*person, "rollback", "silver.erp_orders", *words)
        assert done.returncode == 0, done.stderr
        assert (fact() == [tuple(row) for row in expected([SAMPLES, DAY2]).fact.rows]) is (to_version == version)
    assert_exact([SAMPLES, DAY2])
