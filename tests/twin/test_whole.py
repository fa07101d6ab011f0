"""Deliveries go from the raw bucket through every DAG of a real Airflow, whose jobs really run, to an analyst's query.

The tests stand in the order of the days: each begins with the lake that the one before it has left.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lakehouse.contracts.plan import MAINTAIN
from lakehouse.contracts.reader import load_contracts
from tests.oracle.oracle import Expected, expected
from tests.twin.whole import Twin, rows_of, without_account
from tools.twin import cli, lifecycle
from tools.twin.plan import ROOT, Plan

pytestmark = [pytest.mark.twin, pytest.mark.timeout(2400)]

SAMPLES = ROOT / "samples"
DOMAINS = load_contracts(ROOT / "contracts").domains
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


def holds(twin: Twin, wanted: Expected) -> None:
    """Assert that an analyst and the lake have what the oracle has, and that no role was refused anything."""
    assert twin.fact(wanted.fact) == [tuple(row) for row in wanted.fact.rows]
    for name, table in wanted.silver.items():
        assert twin.silver(name, table) == rows_of(table), name
    assert twin.state["denied"] == {}


def test_the_samples_come_to_the_views(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert twin.run(SAMPLES, capsys) == 0, twin.said
    holds(twin, expected([SAMPLES]))
    nightly = {name for name in twin.plan.jobs if name.startswith(MAINTAIN)}
    for job in set(twin.plan.jobs) - nightly:
        assert (job, "SUCCEEDED") in twin.jobs(), job
        assert "success" in {run["state"] for run in twin.airflow.runs(job)}, job
    asked = {query["Query"] for query in twin.news("queries") if query["Status"]["State"] == "SUCCEEDED"}
    assert {f'SELECT * FROM "analytics"."{view}" LIMIT 0' for view in VIEWS} <= asked
    assert twin.state["crawls"] == {f"landing_{domain}": 1 for domain in DOMAINS}
    assert "in an account: " in twin.said


def test_the_same_again_starts_no_job(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert twin.run(SAMPLES, capsys) == 0, twin.said
    assert twin.jobs() == []
    assert "No job was started: nothing new had come." in twin.said
    for domain in DOMAINS:
        assert f"ingest_{domain:<15} waits for files" in twin.said, domain
