"""Paths with blanks, quotes, percent signs and accents work, or are refused before anything is written (case B27)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import BucketNameError, Lake, LakePathError
from lakehouse.runtime.context import Context
from tests.cycle.test_bad_input import ROOT, assert_one_line, call, runner, submitted
from tests.cycle.test_bad_parts import ORDERS, order
from tests.helpers.lakes import FACT, rows, run

pytestmark = pytest.mark.deliveries

ODD = "sp ace 100% o'brien läke \"+&{x}`;$"


@pytest.mark.parametrize("name", ["my files", "o'brien", 'q"x', "100% läke", "a;b & c"])
def test_make_hands_paths_on_as_they_are(tmp_path: Path, name: str) -> None:
    shown = tmp_path / "show"
    shown.write_text('#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done\n')
    shown.chmod(0o755)
    lake, landing = f"{tmp_path}/{name}/lake", f"{tmp_path}/{name}"
    done = call(
        "make",
        "--no-print-directory",
        "-o",
        "setup",
        "local-run",
        f"PY={shown}",
        f"OUTPUT_DIR={lake}",
        f"LANDING_DIR={landing}",
    )
    assert done.stdout.splitlines()[-4:] == ["<--output-dir>", f"<{lake}>", "<--landing-dir>", f"<{landing}>"]


def test_a_lake_and_files_of_odd_names(project: Project, spark: SparkSession, tmp_path: Path) -> None:
    landing = tmp_path / f"landing {ODD}"
    landing.mkdir()
    for number, name in enumerate(("erp_orders a b", "erp_orders%20ä", "erp_orders+#'50%", "erp_orders[1]{2}")):
        (landing / f"{name}.csv").write_text(ORDERS + order(number))
    context = Context(project, Lake.at(str(tmp_path / ODD)), lambda: spark)
    assert [run(context, landing).exit_code for _ in (1, 2)] == [0, 0]
    sql = f"select orders, net_revenue from marts.{FACT}"
    assert rows(context.lake, context.contracts, sql) == [(4, 40)]
    files = "select regexp_replace(_source_file, '^.*/', '') AS file_name from bronze.erp_orders order by file_name"
    assert [name for (name,) in rows(context.lake, context.contracts, files)] == sorted(
        file.name for file in landing.iterdir()
    )
    assert {path.name for path in tmp_path.iterdir()} == {ODD, landing.name}


@pytest.mark.parametrize("name", ["a%20b", "a#b", "a?b", "a[b", "a]b", "a|b", "a^b", "a\\b", "a\tb", "a\nb", "${a}"])
def test_a_lake_that_not_every_engine_can_open_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LakePathError, match="name a folder without") as refused:
        Lake.at(str(tmp_path / name))
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 3
    with pytest.raises(LakePathError):
        Lake.at(str(tmp_path), raw_root=str(tmp_path / name))


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ("s3://", "'s3://' names no bucket, wanted s3://bucket/prefix; look whether every variable in it is set."),
        ("s3:///lake", "'s3:///lake' names no bucket, wanted"),
        ("s3a://", "'s3a://' names no bucket, wanted"),
        ("s3://\u2577 Warning/lake", "names no bucket but '\u2577 Warning', wanted"),
        ("s3://A_b/lake", "names no bucket but 'A_b', wanted"),
    ],
)
def test_a_lake_on_s3_names_its_bucket(root: str, said: str) -> None:
    with pytest.raises(BucketNameError) as refused:
        Lake.at(root)
    assert said in str(refused.value)
    with pytest.raises(BucketNameError):
        Lake.at("s3://curated", raw_root=root)
    assert Lake.at("s3://a.b-3/").curated == "s3://a.b-3/curated"


def test_a_refused_path_is_one_line_everywhere_and_nothing_is_written(tmp_path: Path) -> None:
    lake = tmp_path / "a%20b"
    for done in (
        runner("--output-dir", lake),
        submitted("ingest", "--domain", "erp", "--lake_root", lake),
        call(sys.executable, "-m", "lakehouse", "query", "--lake", lake, "select 1"),
    ):
        assert_one_line(done, 3, "a%20b", "contains '%20'")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(180)
def test_a_checkout_in_a_folder_with_a_blank(tmp_path: Path) -> None:
    """The project's cache lies in it: the jars, and the class-data archive that is an option of the JVM."""
    cache = tmp_path / "my project's 100% ä" / "lake house" / ".cache"
    shutil.copytree(ROOT / ".cache" / "jars", cache / "jars", copy_function=os.link)
    for file in ("spark.jsa", "spark.jsa.for"):
        if (ROOT / ".cache" / file).is_file():
            shutil.copy(ROOT / ".cache" / file, cache)
    code = (
        "from lakehouse.contracts.project import find_project\n"
        "from lakehouse.runtime.session import local_session\n"
        "spark = local_session(find_project())\n"
        "spark.sql('create database silver')\n"
        "print(spark.range(3).count())"
    )
    env = {**os.environ, "LAKEHOUSE_CACHE": str(cache)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=ROOT, timeout=170)
    assert done.stdout.strip() == "3", done.stderr[-2000:]
    assert (cache / "warehouse" / "silver.db").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["my project's 100% ä"]
