"""Delivered values that make Spark, dbt, Great Expectations and DuckDB fail are in no line, message or page."""

from __future__ import annotations

import io
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse import log
from lakehouse.airflow import messages
from lakehouse.airflow.messages import failure
from lakehouse.contracts.findings import message_of
from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import OnFailure, Rule
from lakehouse.cycle import steps
from lakehouse.cycle.closing_table import print_summary
from lakehouse.cycle.cycle import run_cycle
from lakehouse.cycle.display import Display, make_console
from lakehouse.errors import LakehouseError
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import dbt_target, register_silver, run_dbt
from lakehouse.runtime.job import run_job
from lakehouse.site import report
from lakehouse.validate.gx_expectations import evaluate_dataset_rules
from tests.cycle.test_personal_data import written_texts
from tests.helpers.quality_deliveries import LEADS, command, found, lead, run_jobs

pytestmark = pytest.mark.quality

ROOT = Path(__file__).parents[2]
NAMES = (
    "O'Zyxa, quellenreiter", "'O\\'Zyxa', quellenreiter", '"Zyxa" `quellenreiter`', "line Zyxa\nquellenreiter",
    "Zyxä\u202e \u201cquellenreiter\u201d", "[ZYXA_QUELLENREITER] SQLSTATE: ZYXAQ",
)  # fmt: skip
SEEDED = ("zyx", "quellenreiter")


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that the library logs."""
    stream = io.StringIO()
    logger, handler = logging.getLogger("lakehouse"), logging.StreamHandler(stream)
    handler.setFormatter(log._Line())
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
def delivered(context: Context, tmp_path: Path) -> Path:
    """A delivery of leads, merged, each named as above."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    rows = [lead(f"L{number}", name=quoted(name)) for number, name in enumerate(NAMES)]
    raw = Path(context.lake.landing("crm"))
    for place in (folder, raw):
        place.mkdir(parents=True, exist_ok=True)
        (place / "crm_leads.csv").write_text("\n".join([LEADS, *rows]) + "\n", encoding="utf-8", newline="")
    run_jobs(context, "crm")
    assert found(context, "select count(*) from silver.crm_leads") == [(len(NAMES),)]
    return folder


def casting(context: Context, lead_id: str) -> DataFrame:
    """A query that fails on the name of one lead, which Spark quotes."""
    rows = context.spark().read.format("delta").load(context.lake.silver("crm_leads"))
    return rows.where(f"lead_id = '{lead_id}'").selectExpr("cast(full_name as int) as n")


def leaks(texts: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, word) for name, text in texts.items() for word in SEEDED if word in text.lower()]


def test_spark_quotes_the_row(context: Context, delivered: Path) -> None:
    """The test has a point: what is searched for below is in the text of each error."""
    for number in range(len(NAMES)):
        with pytest.raises(Exception, match=r"CAST_INVALID_INPUT") as caught:
            casting(context, f"L{number}").collect()
        assert "zyx" in str(caught.value).lower()


def test_no_run_shows_it(
    context: Context, delivered: Path, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    for number in range(len(NAMES)):

        def fails(*_: Any, lead_id: str = f"L{number}", **__: Any) -> Any:
            return casting(context, lead_id).collect()

        monkeypatch.setattr(steps, "merge_domain", fails)
        (delivered / f"crm_leads_{number}.csv").write_text(f"{LEADS}\n{lead(f'N{number}')}\n", encoding="utf-8")
        with Display(console=make_console(said)) as display:
            result = run_cycle(context, delivered, display)
        assert result.exit_code == 1
        print_summary(result.summary, make_console(said))
        report.write(result.summary, f"{context.lake.root}/report-{number}.html")
    shown = said.getvalue()
    assert "[CAST_INVALID_INPUT] SQLSTATE 22018" in shown
    assert "unexpected error in transform_crm" in logged.getvalue() + shown
    texts = {"printed": shown, "logged": logged.getvalue(), **written_texts(Path(context.lake.root))}
    assert any(name.endswith("report-0.html") for name in texts)
    assert leaks(texts) == []


def test_no_job_and_no_message_shows_it(
    context: Context, delivered: Path, logged: io.StringIO, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(log, "configure", lambda: None)
    monkeypatch.setattr(messages, "setting", lambda *_, **__: None)  # it would import Airflow
    ti: Any = SimpleNamespace(dag_id="transform_crm", task_id="transform")
    texts = []
    for number in range(len(NAMES)):

        def fails(_: Any, lead_id: str = f"L{number}") -> None:
            casting(context, lead_id).collect()

        argv = ["transform", "--domain", "crm", "--lake_root", context.lake.root]
        assert run_job("transform", fails, argv) == 1
        with pytest.raises(Exception, match=r"CAST_INVALID_INPUT") as caught:
            fails(None)
        texts.append(message_of([failure({"ti": ti, "exception": caught.value})], "").text)
    out, error = capsys.readouterr()
    assert "unexpected error: " in error
    assert "[CAST_INVALID_INPUT] SQLSTATE 22018" in error
    assert "[CAST_INVALID_INPUT] SQLSTATE 22018" in texts[-1]
    assert leaks({"out": out, "error": error, "messages": "\n".join(texts), "log": logged.getvalue()}) == []


def test_no_query_shows_it(context: Context, delivered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(len(NAMES)):
        sql = f"select cast(full_name as int) from silver.crm_leads where lead_id = 'L{number}'"
        assert command(context, "query", sql) == 3
    out, error = capsys.readouterr()
    assert error.count("The query failed: ConversionException: ***") == len(NAMES)
    assert leaks({"out": out, "error": error}) == []


def test_no_rule_of_great_expectations_shows_it(context: Context, delivered: Path) -> None:
    rows = context.spark().read.format("delta").load(context.lake.silver("crm_leads"))
    for number in range(len(NAMES)):
        batch = rows.where(f"lead_id = 'L{number}'")
        for type_, kwargs in (
            ("expect_column_mean_to_be_between", {"column": "full_name", "min_value": 0}),
            ("expect_column_stdev_to_be_between", {"column": "full_name", "min_value": 0}),
        ):
            rule = Rule("mean", "A sentence.", OnFailure.FAIL, type_, kwargs, "critical")
            with pytest.raises(LakehouseError, match=r"^Rule 'mean' ") as caught:
                evaluate_dataset_rules(batch, [rule])
            assert leaks({type_: str(caught.value)}) == []


@pytest.fixture
def with_a_bad_test(context: Context, tmp_path: Path) -> Callable[[int], Context]:
    """The project with a dbt test that fails on one lead; dbt's session gives null for what cannot be cast."""
    for part in ("contracts", "great_expectations", "dbt"):
        shutil.copytree(ROOT / part, tmp_path / "project" / part, ignore=shutil.ignore_patterns("target", "logs"))
    project = Project(tmp_path / "project")

    def made(number: int) -> Context:
        sql = f"select * from silver.crm_leads where lead_id = 'L{number}' and raise_error(full_name) is null"
        (project.dbt / "tests" / f"assert_bad_{number}.sql").write_text(sql)
        return Context(project, context.lake, context.spark)

    for number in range(len(NAMES)):
        made(number)
    return made


def test_no_model_of_dbt_shows_it(
    context: Context, delivered: Path, with_a_bad_test: Callable[[int], Context], capfd: pytest.CaptureFixture[str]
) -> None:
    register_silver(context.spark(), context.lake, context.contracts)
    texts = {}
    for number in range(len(NAMES)):
        with pytest.raises(LakehouseError, match="dbt: ") as caught:
            run_dbt(with_a_bad_test(number), ["test", "--select", f"assert_bad_{number}"])
        texts[f"error {number}"] = str(caught.value)
    assert "[USER_RAISED_EXCEPTION]" in texts["error 0"]
    texts["out"], texts["err"] = capfd.readouterr()
    assert leaks(texts) == []
    assert leaks(written_texts(dbt_target(context))) == []


TASK_FAILS = """
from lakehouse.contracts.project import find_project
from lakehouse.runtime.session import local_session
spark = local_session(find_project())
try:
    spark.range(2).selectExpr("cast(concat('O''Zyxa, quellenreiter', id) as int)").collect()
except Exception as error:
    assert "CAST_INVALID_INPUT" in str(error)
spark.stop()
"""


def test_spark_itself_logs_none_of_it() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "glue_jobs")}
    done = subprocess.run(
        [sys.executable, "-c", TASK_FAILS], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=180,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert leaks({"stdout": done.stdout, "stderr": done.stderr}) == []
