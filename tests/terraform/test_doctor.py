"""`lakehouse doctor` in an account: each fault is planted into one that is whole, and its line is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.cli.main import main
from lakehouse.errors import EXIT_TERMINAL
from lakehouse.runtime.doctor import report
from lakehouse.runtime.doctor_account import PREFIX, account, smoke
from tests.terraform.account_faults import FAULTS, nothing_kept
from tests.terraform.checkout import Checkout
from tests.terraform.whole_account import Account, furnished


@pytest.fixture
def whole(checkout: Checkout, applied_dev: Any) -> Account:
    return furnished(checkout, applied_dev)


def test_packages_that_a_run_has_left_are_counted(whole: Account) -> None:
    nothing_kept(whole)
    whole.client("s3").put_object(
        Bucket=whole.outputs["artefacts_bucket"], Key="packages/ingest_erp/venv.zip", Body=b"1"
    )
    lines: list[str] = []
    report(account(whole.outputs, whole.client), lines.append)
    assert "ok  kept packages: of 1 jobs, by a job's first run" in lines


def test_a_whole_account_has_nothing_to_do_and_keeps_nothing_of_the_doctor(whole: Account) -> None:
    assert whole.wrong() == []
    listed = whole.client("s3").list_object_versions(Bucket=whole.outputs["artefacts_bucket"], Prefix=PREFIX)
    assert not [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]


@pytest.mark.parametrize(("plant", "line"), FAULTS, ids=[line[4:40] for _, line in FAULTS])
def test_a_planted_fault_is_named_with_what_to_do(whole: Account, plant: Callable[[Account], Any], line: str) -> None:
    plant(whole)
    wrong = whole.wrong()
    assert [one for one in wrong if line in one], wrong
    assert all("; wanted " in one for one in wrong)


@pytest.mark.parametrize(("state", "right"), [("SUCCEEDED", True), ("FAILED", False)])
def test_a_run_of_one_job_shows_how_it_ended(state: str, right: bool) -> None:
    class Glue:
        looks = 0

        def start_job_run(self, JobName: str, Arguments: dict[str, str]) -> dict[str, str]:
            assert (JobName, Arguments) == ("maintain_lakehouse", {"--smoke": "yes"})
            return {"JobRunId": "jr_1"}

        def get_job_run(self, JobName: str, RunId: str) -> dict[str, Any]:
            self.looks += 1
            ended = {"JobRunState": state, "ErrorMessage": "" if right else "error [exit 3]: no log store"}
            return {"JobRun": ended if self.looks > 1 else {"JobRunState": "RUNNING"}}

    slept: list[float] = []
    glue = Glue()
    (line,) = smoke({}, lambda _: glue, slept.append)
    assert line.is_right is right
    assert len(slept) == 1
    assert right or "no log store" in line.found


def test_the_command_ends_with_3_where_something_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAKEHOUSE_OUTPUTS", str(tmp_path / "none.json"))
    assert main(["doctor", "--environment", "dev"]) == EXIT_TERMINAL
    assert "run `make deploy ENV=dev` first" in capsys.readouterr().err
