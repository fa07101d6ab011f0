"""Deliveries go from the raw bucket through every DAG of a real Airflow, whose jobs really run, to an analyst's query.

The tests stand in the order of the days; each begins with the lake that the one before it has left.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from lakehouse.contracts.plan import MAINTAIN
from lakehouse.contracts.reader import load_contracts
from tests.dags.browser import browsing
from tests.oracle.oracle import Expected, expected
from tests.twin.whole import Twin, rows_of, tables_of, without_account
from tools.twin import cli, lifecycle
from tools.twin.plan import ROOT, Plan

# A run of CI has time for the first day; the nightly one goes on with the days after it.
pytestmark = [pytest.mark.twin_days, pytest.mark.timeout(2400)]

SAMPLES = ROOT / "samples"
DAY2, BROKEN = SAMPLES / "day2", SAMPLES / "broken"
DOMAINS = load_contracts(ROOT / "contracts").domains
MAINTAIN_DAG = f"{MAINTAIN}_lakehouse"
VIEWS = sorted(file.stem for file in (ROOT / "dbt/athena_views").glob("*.sql"))


@pytest.fixture(scope="module")
def twin(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """One twin for all tests here."""
    without_account()
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("whole")
        patch.setattr(lifecycle, "HOME", folder / "twin")
        try:
            assert cli.main(["up"]) == 0
            yield Twin(plan, folder)
        finally:
            cli.main(["down"])


def failures(messages: list[str]) -> dict[str, str]:
    """What Slack was told of failed runs, by DAG; deadlines that were missed meanwhile are no failures."""
    # Slack is sent a joiner between what it would read as markup.
    plain = [re.sub(r"[^ -~]", "", text) for text in messages]
    return {found[1]: text for text in plain if (found := re.match(r"[a-z ]+: (\w+): run failed", text))}


def holds(twin: Twin, wanted: Expected) -> None:
    """Assert that an analyst and the lake have what the oracle has, and that no role was refused anything."""
    assert twin.fact(wanted.fact) == [tuple(row) for row in wanted.fact.rows]
    for name, table in wanted.silver.items():
        assert twin.silver(name, table) == rows_of(table), name
    assert twin.state["denied"] == {}


@pytest.mark.twin
def test_the_samples_come_to_the_views(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert twin.run(SAMPLES, capsys) == 0, twin.said
    holds(twin, expected([SAMPLES]))
    for job in set(twin.plan.jobs) - {MAINTAIN_DAG}:
        assert (job, "SUCCEEDED") in twin.jobs(), job
        assert "success" in {run["state"] for run in twin.airflow.runs(job)}, job
    asked = {query["Query"] for query in twin.news("queries") if query["Status"]["State"] == "SUCCEEDED"}
    assert {f'SELECT * FROM "analytics"."{view}" LIMIT 0' for view in VIEWS} <= asked
    assert twin.state["crawls"] == {f"landing_{domain}": 1 for domain in DOMAINS}
    assert "in an account: " in twin.said


@pytest.mark.twin
def test_a_laptop_makes_the_same_lake_table_by_table(twin: Twin, tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "local_runner.py"),
        "--output-dir",
        str(tmp_path),
        "--landing-dir",
        str(SAMPLES),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    curated = tmp_path / "curated"
    names = {str(log.parent.relative_to(curated)) for log in curated.glob("*/*/_delta_log")}
    here, there = tables_of(str(curated), names), twin.tables()
    assert here.keys() == there.keys()
    for name, rows in here.items():
        assert there[name] == rows, name


@pytest.mark.twin
def test_people_see_the_runs_and_the_assets(twin: Twin, tmp_path: Path) -> None:
    """The pages of Airflow after the samples; TWIN_PICTURES names where to keep their pictures."""
    pictures = Path(os.environ.get("TWIN_PICTURES") or tmp_path)
    airflow = twin.airflow
    silver = airflow.get("assets?name_pattern=silver/erp_orders")["assets"][0]["id"]
    run = next(run["dag_run_id"] for run in airflow.runs("publish_marts") if run["state"] == "success")
    with browsing(tmp_path / "profile") as page:
        text = page.open(f"{airflow.address}/dags?limit=50", "transform_marts", "ingest_erp", MAINTAIN_DAG)
        assert f"{len(twin.plan.jobs)} Dags" in text
        page.click("Show table view")
        page.picture(pictures / "airflow-dags.png")
        page.open(f"{airflow.address}/dags/publish_marts/runs/{quote(run)}", "Success", "publish")
        page.click("Show Graph (Press g)")
        page.read(*(f"query_{view}" for view in VIEWS), "sync_site")
        page.picture(pictures / "airflow-publish-marts.png", settle=4)
        page.open(f"{airflow.address}/assets/{silver}", "silver/erp_orders", "publish_marts", "ingest_web")
        page.picture(pictures / "airflow-assets.png", settle=4, around=".react-flow__node")


def test_the_second_day_comes_through_a_killed_job_and_throttling(
    twin: Twin, capsys: pytest.CaptureFixture[str]
) -> None:
    """What passes is retried by the DAGs themselves; nobody is told, and the rows are the same."""
    for fault in ("job-killed", "glue-throttled"):
        assert cli.main(["break", fault]) == 0
    assert twin.run(DAY2, capsys) == 0, twin.said
    holds(twin, expected([SAMPLES, DAY2]))
    killed = [run for run in twin.news("runs") if run["JobRunState"] == "FAILED"]
    assert [run["ErrorMessage"] for run in killed] == ["Command failed with exit code 137"]
    again = [run for run in twin.news("runs") if run["JobName"] == killed[0]["JobName"]]
    assert [run["JobRunState"] for run in again] == ["FAILED", "SUCCEEDED"]
    assert twin.state["faults"] == {}
    assert failures(twin.news("slack")) == {}


def test_the_same_again_starts_no_job(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert twin.run(DAY2, capsys) == 0, twin.said
    assert twin.jobs() == []
    assert "No job was started: nothing new had come." in twin.said
    for domain in DOMAINS:
        assert "waits for files" in twin.said, domain


def test_a_broken_delivery_stops_its_domains_and_lets_the_others_go_on(
    twin: Twin, capsys: pytest.CaptureFixture[str]
) -> None:
    assert twin.run(BROKEN, capsys) == 3, twin.said
    states = dict(twin.jobs())
    # A file without a column is refused; one without a byte is a delivery of no row, which validate stops.
    assert (states["ingest_erp"], states["validate_products"]) == ("FAILED", "FAILED")
    assert (states["publish_crm"], states["publish_web"]) == ("SUCCEEDED", "SUCCEEDED")
    holds(twin, expected([SAMPLES, DAY2, BROKEN]))
    told = failures(twin.news("slack"))
    assert sorted(told) == twin.failed()
    assert "unit_price" in told["ingest_erp"]
    assert told["validate_products"].startswith("manual action: ")


def test_a_stopped_slack_loses_no_run(twin: Twin, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A DAG that fails while Slack is down has failed for its own reason, and the others go on."""
    assert cli.main(["break", "slack-down"]) == 0
    lines = (BROKEN / "erp_orders.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "erp_orders_again.csv").write_text("\n".join(lines[:3]) + "\n", encoding="utf-8")
    assert twin.run(tmp_path, capsys) == 3, twin.said
    assert twin.news("slack") == []
    (failed,) = [run for run in twin.news("runs") if run["JobRunState"] == "FAILED"]
    assert (failed["JobName"], "unit_price" in failed["ErrorMessage"]) == ("ingest_erp", True)
    assert cli.main(["break", "--off"]) == 0


def test_nightly_maintenance_changes_no_row(twin: Twin) -> None:
    before = twin.tables()
    assert twin.finish(MAINTAIN_DAG) == "success"
    assert (MAINTAIN_DAG, "SUCCEEDED") in twin.jobs()
    after = twin.tables()
    assert after.keys() == before.keys()
    for name, rows in before.items():
        assert after[name] == rows, name
    assert twin.state["denied"] == {}
