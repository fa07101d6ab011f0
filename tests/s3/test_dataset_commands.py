"""Commands that change a dataset, and erase, typed by a person, the lake on S3: the right rows, and a record."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from lakehouse.contracts.layers import LAYERS
from lakehouse.lake.dataset_changes import changes_of_dataset
from lakehouse.lake.delta_log import read_rows, table_version
from lakehouse.lake.paths import Lake
from tests.helpers.small_project import CONTRACT, PRESENT, rule, spoiled, with_docs, write_project
from tests.s3.conftest import BUCKET, Store

pytestmark = [pytest.mark.s3_drivers, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
HEADER = "id,note,amount,seq,at,gone"
FIRST = ["1,a,5.00,1,2026-01-01T10:00:00Z,false", "2,b,6.00,1,2026-01-02T10:00:00Z,false"]
SECOND = ["1,c,90.00,2,2026-02-01T10:00:00Z,false", "3,d,7.00,2,2026-02-01T10:00:00Z,true"]
NOTE = "{name: note, physicalType: string, required: false, description: Note.}"
WHY = ("--why", "the contract has changed", "--by", "ann", "--yes")


def typed(project: Path, lake: Lake, *words: str) -> str:
    """Run a command on a lake; returns what it says."""
    env = {**os.environ, "NO_COLOR": "1", "LAKEHOUSE_PROJECT": str(project)}
    command = [str(Path(sys.executable).with_name("lakehouse")), *words, "--lake", lake.root]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=project, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def delivered(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose two deliveries are in the lake `s3://lake/base`."""
    root = with_docs(write_project(tmp_path_factory.mktemp("project"))).root
    without = shutil.ignore_patterns("models", "athena_views", "target", "logs")
    shutil.copytree(ROOT / "dbt", root / "dbt", dirs_exist_ok=True, ignore=without)
    for name in (".cache", "jvm"):
        (root / name).symlink_to(ROOT / name)
    glue = boto3.client("glue")
    for database in (*LAYERS, "pinned"):
        glue.create_database(DatabaseInput={"Name": database})  # as Terraform does
    for number, lines in enumerate((FIRST, SECOND)):
        landing = root / f"landing{number}"
        landing.mkdir()
        (landing / f"visits_{number}.csv").write_text("\n".join([HEADER, *lines, ""]))
        typed(root, Lake.at(f"s3://{BUCKET}/base"), "run", "--landing", str(landing))
    return root


@pytest.fixture
def project(delivered: Path, tmp_path: Path) -> Path:
    """A copy of the project, for one test to change."""
    return Path(shutil.copytree(delivered, tmp_path / "project", symlinks=True))


@pytest.fixture
def lake(delivered: Path, request: pytest.FixtureRequest) -> Lake:
    """A copy of the lake of the deliveries, for one test."""
    s3, prefix = boto3.client("s3"), request.node.name
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="base/")
    for key in [item["Key"] for page in pages for item in page.get("Contents", ())]:
        s3.copy_object(Bucket=BUCKET, Key=f"{prefix}/{key[5:]}", CopySource={"Bucket": BUCKET, "Key": key})
    return Lake.at(f"s3://{BUCKET}/{prefix}")


def silver(lake: Lake, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of silver, by the key."""
    return sorted(tuple(row[name] for name in ("id", *columns)) for row in read_rows(lake.silver("visits")))


def entries(lake: Lake) -> list[tuple[str, str, str]]:
    return [(entry.change, entry.state.value, entry.who) for entry in changes_of_dataset(lake, "visits")]


def test_a_rebuild_takes_the_new_contract_and_suite(project: Path, lake: Lake) -> None:
    assert silver(lake, "note") == [(1, "c"), (2, "b"), (3, "d")]
    version = table_version(lake.silver("visits"))
    cheap = rule("expect_column_values_to_be_between", column="amount", max_value=55)
    cheap["meta"]["rule"] = "amount_is_small"
    write_project(project, CONTRACT, [PRESENT, cheap])
    words = ("dataset", "rebuild", "shop.visits", "--validate-again", *WHY)
    said = typed(project, lake, *words, "--dry-run")
    assert "visits: 1 rows that passed go to quarantine, 0 come back from it, 0 stay for other rules" in said
    assert table_version(lake.silver("visits")) == version
    typed(project, lake, *words)
    assert silver(lake, "note") == [(1, "a"), (2, "b"), (3, "d")]
    (row,) = read_rows(lake.quarantine("visits"))
    assert (row["id"], row["_broken_rules"]) == ("1", ["amount_is_small"])
    assert entries(lake) == [("rebuild", "started", "ann"), ("rebuild", "done", "ann")]


def test_a_column_gets_its_new_name(project: Path, lake: Lake) -> None:
    write_project(project, spoiled("name: note,", "name: remark, physicalName: note,"))
    typed(project, lake, "dataset", "rename-column", "shop.visits", "note", "remark", *WHY)
    assert silver(lake, "remark", "seq") == [(1, "c", 2), (2, "b", 1), (3, "d", 2)]
    bronze = read_rows(lake.bronze("visits"))
    assert sorted(row["remark"] for row in bronze) == ["a", "b", "c", "d"]
    assert "note" not in bronze[0]
    assert entries(lake)[-1] == ("rename-column", "done", "ann")


def test_a_rekey_takes_the_key_of_the_contract(project: Path, lake: Lake) -> None:
    write_project(project, spoiled(NOTE, NOTE.replace("false", "true, primaryKey: true, primaryKeyPosition: 2")))
    typed(project, lake, "dataset", "rekey", "shop.visits", *WHY)
    assert silver(lake, "note") == [(1, "a"), (1, "c"), (2, "b"), (3, "d")]
    assert entries(lake) == [("rekey", "started", "ann"), ("rekey", "done", "ann")]


def test_a_column_that_left_the_contract_goes(project: Path, lake: Lake) -> None:
    write_project(project, spoiled(f"      - {NOTE}\n", ""))
    typed(project, lake, "dataset", "drop-column", "shop.visits", "note", *WHY)
    for table in (lake.silver("visits"), lake.bronze("visits")):
        assert all("note" not in row for row in read_rows(table))
    assert silver(lake, "seq") == [(1, 2), (2, 1), (3, 2)]
    assert entries(lake)[-1] == ("drop-column", "done", "ann")


def test_a_person_is_erased_and_a_run_brings_nothing_back(delivered: Path, project: Path, lake: Lake) -> None:
    """By a value that is too short to be looked for, in a bucket that keeps no versions."""
    words = ("erase", "--subject", "shop/visits:note=c", "--reason", "4711", "--by", "ann")
    said = typed(project, lake, *words, "--dry-run")
    assert "raw: 1 record in 1 file" in said
    assert "shop/visits:note: its value is too short to be looked for as bytes" in said
    said = typed(project, lake, *words, "--yes")
    assert re.search(r"nothing found in \d+ files, [\d,]+ bytes\ncertificate: curated/docs/erasures/.*\.json\n", said)
    wanted = [(1, "a"), (2, "b"), (3, "d")]
    assert silver(lake, "note") == wanted
    assert sorted(row["note"] for row in read_rows(lake.bronze("visits"))) == ["a", "b", "d"]
    typed(project, lake, "run", "--landing", str(delivered / "landing1"))
    assert silver(lake, "note") == wanted
    assert max(row["batch_id"] for row in read_rows(lake.ops("batches"))) == 2, "what was blanked is no delivery"
