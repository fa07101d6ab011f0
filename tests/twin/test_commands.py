"""The twin's commands: safe to start, one a folder, and nothing left behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from lakehouse.contracts.prices import PriceList
from lakehouse.contracts.reader import load_contracts
from lakehouse.ingest.landing import LandingError
from tools.twin import cli, keeper, lifecycle
from tools.twin.costs import billed, costs_of
from tools.twin.follow import deliver
from tools.twin.glue import JobRuns
from tools.twin.plan import Plan, PlanMissingError, find_plan

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A twin's folder of its own, and a shell without credentials."""
    for name in (*lifecycle.FOREIGN, "LAKEHOUSE_PLAN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(lifecycle, "HOME", tmp_path / "twin")
    return tmp_path / "twin"


@pytest.mark.parametrize("name", lifecycle.FOREIGN)
def test_a_shell_with_an_account_is_refused(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "of-an-account")
    assert cli.main(["up"]) == 2
    assert f"error: {name} is set" in capsys.readouterr().err
    assert not home.exists()


def test_the_twins_own_credentials_are_no_others() -> None:
    own = {"AWS_ACCESS_KEY_ID": "twin.operator", "AWS_SECRET_ACCESS_KEY": "twin"}
    lifecycle.refuse_foreign(own)
    with pytest.raises(lifecycle.ForeignCredentialsError):
        lifecycle.refuse_foreign({**own, "AWS_ACCESS_KEY_ID": "of-an-account"})


@pytest.mark.parametrize("command", [["status"], ["run"], ["env"], ["break", "s3-down"]])
def test_without_a_twin_a_command_says_how_to_have_one(
    command: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(command) == 3
    assert "Start one with `make twin`." in capsys.readouterr().err


def test_the_faults_are_listed_and_another_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["break"]) == 0
    assert "job-killed" in capsys.readouterr().out
    monkeypatch.setattr(lifecycle, "ready", dict)
    assert cli.main(["break", "s4-down"]) == 2
    assert "There is no fault s4-down; there are s3-slow, s3-down, " in capsys.readouterr().err


def test_a_plan_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text, found in ((None, "there is no file"), ("{}", "is not what `terraform show -json` prints")):
        file = tmp_path / "plan.json"
        if text is not None:
            file.write_text(text)
        monkeypatch.setenv("LAKEHOUSE_PLAN", str(file))
        with pytest.raises(PlanMissingError, match=found):
            find_plan("dev", tmp_path)


def test_a_folder_without_deliveries_is_refused(tmp_path: Path) -> None:
    contracts = load_contracts(ROOT / "contracts")
    (tmp_path / "notes.txt").write_text("")
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(LandingError):
            deliver(None, "raw", contracts, folder)


def test_a_run_is_billed_for_a_minute_at_least_and_a_query_for_ten_megabytes() -> None:
    def run(seconds: int, error: str = "") -> dict[str, object]:
        return {"ExecutionTime": seconds, "MaxCapacity": 2.0, "ErrorMessage": error}

    assert [billed(run(5)), billed(run(90)), billed(run(0, "LAUNCH ERROR | no script"))] == [120.0, 180.0, 0.0]
    prices = PriceList(
        "", "", {"glue_dpu_hour": 3.6, "crawler_dpu_hour": 0.5, "athena_tb": 5.0},
        {"crawler_dpus": 2, "crawler_minutes": 10},
    )  # fmt: skip
    queries = [{"Statistics": {"DataScannedInBytes": size}} for size in (0, 1, 20_000_000)]
    costs = costs_of([run(5), run(90)], 3, queries, prices)
    assert (costs.jobs, costs.crawled, costs.queried) == pytest.approx((0.3, 0.5, 0.00015))
    assert costs.total == pytest.approx(0.80015)


class Ends:
    """A process that ends as it is told, without one."""

    folder = Path()

    def __init__(self, ending: str) -> None:
        self._ending = ending

    def wait(self, seconds: float) -> bool:
        return True

    def kill(self) -> None:
        """Nothing runs."""

    def ending(self) -> str:
        return self._ending


def test_glue_repeats_a_run_that_failed_as_often_as_the_job_says() -> None:
    job = {
        "name": "one", "max_retries": 2, "execution_property": [{"max_concurrent_runs": 1}], "timeout": 1,
        "default_arguments": {}, "worker_type": "G.1X", "number_of_workers": 2,
    }  # fmt: skip
    endings = iter(["first", "second", ""])
    runs = JobRuns({"one": job}, lambda run: Ends(next(endings)), faults=cli_faults())
    runs._begin(job, {}, 1)
    until = time.monotonic() + 10
    while [run.state for run in runs.all()] != ["FAILED", "FAILED", "SUCCEEDED"]:
        assert time.monotonic() < until, [run.state for run in runs.all()]
        time.sleep(0.01)
    assert [(run.attempt, run.error) for run in runs.all()] == [(0, "first"), (1, "second"), (2, "")]


def cli_faults() -> object:
    from tools.twin.faults import Faults

    return Faults()


@pytest.mark.twin
def test_one_twin_a_folder_and_nothing_is_left_after_sigkill(
    plan: Plan, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["up", "--no-airflow"]) == 0
    words = keeper.state_of(home)
    capsys.readouterr()
    assert cli.main(["up", "--no-airflow"]) == 0
    assert f"up already (ready).\nAWS      {words['aws']}" in capsys.readouterr().out
    assert cli.main(["status"]) == 0
    assert "jobs     none yet" in capsys.readouterr().out
    os.kill(words["pid"], signal.SIGKILL)
    until = time.monotonic() + 30
    while home.exists() or processes(home, words["pid"]):
        assert time.monotonic() < until, (list(home.iterdir()), processes(home, words["pid"]))
        time.sleep(0.2)
    assert cli.main(["down"]) == 0
    assert "There was no twin." in capsys.readouterr().out


def processes(home: Path, session: int) -> list[psutil.Process]:
    """What still runs of a twin."""
    return [one for one in psutil.process_iter() if keeper.is_of(one, home, session)]
