"""`lakehouse marts`: how marts stand, by files and Delta logs alone."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import Commit, append_once
from lakehouse.lake.milestones import record_tested
from lakehouse.lake.paths import Lake

ROW, SCHEMA = [{"dt": date(2026, 10, 1)}], pa.schema([("dt", pa.date32())])


@pytest.fixture
def lake(project: Project, tmp_path: Path) -> Lake:
    """Silver of orders at version 1, of which fct_customer_value shows version 0; the other marts were never built."""
    found = Lake.at(str(tmp_path / "lake"))
    for number in (1, 2):
        append_once(found.silver("erp_orders"), ROW, SCHEMA, Commit("merge", number, {}))
    said = {"silver_versions": {"erp_orders": 0}, "build": {"whole": None, "keys": 3, "seconds": 1.5}}
    append_once(found.table("marts", "fct_customer_value"), ROW, SCHEMA, Commit("build", 1, said))
    record_tested(found, project.contracts.of("erp"), {"erp_orders": 1})
    return found


def test_each_mart_has_a_line_and_the_graph_leads_from_silver_to_views(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["marts", "show", "--lake", lake.root]) == 0
    lines = capsys.readouterr().out.splitlines()
    (customers,) = [line for line in lines if line.startswith("| fct_customer_value")]
    assert [cell.strip() for cell in customers.split("|")[2:4]] == ["customer_id", "silver.erp_orders"]
    assert "3 keys" in customers
    (stores,) = [line for line in lines if line.startswith("| fct_daily_store_metrics")]
    assert "whole: first build" in stores
    assert "marts.fct_customer_value          → analytics.customer_value" in lines
    assert any(line.startswith("silver.products ") and "analytics.current_products" in line for line in lines)


def test_one_mart_says_how_each_table_reaches_it(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["marts", "show", "fct_customer_value", "--lake", lake.root]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        "fct_customer_value: one row per customer_id, from dbt/models/marts/fct_customer_value.sql\n"
    )
    (row,) = [line for line in shown.splitlines() if line.startswith("| silver.erp_orders")]
    assert [cell.strip() for cell in row.split("|")[1:-1]] == ["silver.erp_orders", "direct", "0", "1", "yes"]
    assert "version 0: 3 keys," in shown
    assert "Due by 06:00 UTC, with the last of what it reads." in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "fct_customer"], "There is no mart 'fct_customer'. Did you mean 'fct_customer_value'?"),
        (["rebuild", "fct_customer_value"], "Nobody can be asked here; say --yes, or --dry-run"),
    ],
)
def test_wrong_arguments_are_one_line(
    lake: Lake, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main(["marts", *words, "--lake", lake.root]) == 2
    found = capsys.readouterr()
    assert says in found.err
    assert found.out == ""


def test_check_warns_of_a_mart_that_is_due_before_what_it_reads(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("contracts", "great_expectations", "dbt"):
        shutil.copytree(project.root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    about = tmp_path / "dbt/models/marts/fct_customer_value.yml"
    about.write_text(about.read_text(encoding="utf-8").replace("meta:", 'meta:\n        deadline: "05:00"', 1))
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(tmp_path))
    assert main(["check"]) == 0
    said = capsys.readouterr()
    (line,) = [line for line in (said.out + said.err).splitlines() if "meta.deadline" in line]
    assert "fct_customer_value.meta.deadline: 05:00 is before 06:00, when erp is due" in line
