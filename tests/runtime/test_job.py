"""What every job shares: exit codes that tell who can help, domains known before any work, help."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse import log
from lakehouse.contracts.project import Project, find_project
from lakehouse.errors import LakehouseError, TransientError, UsageError
from lakehouse.lake.paths import Lake
from lakehouse.lake.runs import runs_since, steps_since
from lakehouse.privacy import trace_of
from lakehouse.runtime import job
from lakehouse.runtime.job import JobCall, run_job
from lakehouse.runtime.recording import did
from lakehouse.runtime.versions import code_version, contract_version


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the library's logger as other tests know it."""
    monkeypatch.setattr(log, "configure", lambda: None)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [(None, 0), (UsageError("wrong words"), 2), (LakehouseError("ask a person"), 3), (TransientError("try again"), 75)],
)
def test_the_exit_code_tells_who_can_help(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: Exception | None, exit_code: int
) -> None:
    calls: list[tuple[str, str, str]] = []

    def work(call: JobCall) -> None:
        calls.append((call.domain, call.contract.domain, call.context.lake.root))
        if error:
            raise error

    for _ in range(2):
        assert (
            run_job("ingest", work, ["ingest", "--domain", "erp", "--lake_root", str(tmp_path / "lake")]) == exit_code
        )
    assert calls == [("erp", "erp", str(tmp_path / "lake"))] * 2
    assert capsys.readouterr().err == (f"error: {error}\n" * 2 if error else "")


def test_a_bug_of_ours_says_where_and_shows_no_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = "'jane@doe.example'"

    def work(call: JobCall) -> None:
        raise ValueError("cannot read " + value + " as `quantity`")

    assert run_job("maintain", work, ["maintain", "--lake_root", str(tmp_path)], needs_domain=False) == 1
    assert capsys.readouterr().err.endswith(
        "error: unexpected error: ValueError (it names quantity): *** (stack trace in the log)\n"
    )
    try:
        work(JobCall(None, "erp"))  # type: ignore[arg-type]
    except ValueError as error:
        trace = trace_of(error)
    assert "in work" in trace
    assert "jane" not in trace


@pytest.mark.parametrize(
    ("name", "domain", "exit_code"),
    [
        ("ingest", "erq", 2),
        ("ingest", "marts", 2),
        ("validate", "marts", 2),
        ("transform", "marts", 0),
        ("publish", "marts", 0),
    ],
)
def test_a_domain_is_known_before_any_work(tmp_path: Path, name: str, domain: str, exit_code: int) -> None:
    worked: list[str] = []
    argv = [name, f"--domain={domain}", "--lake_root", str(tmp_path)]
    also_marts = name in ("transform", "publish")
    assert run_job(name, lambda call: worked.append(call.domain), argv, also_marts=also_marts) == exit_code
    assert worked == ([domain] if exit_code == 0 else [])


def test_help_does_no_work(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["publish", "--domain", "erp", "--help"]
    assert run_job("publish", lambda call: pytest.fail("worked"), words, also_marts=True) == 0
    out = capsys.readouterr().out
    assert "usage: publish --domain NAME --lake_root PATH" in out
    assert f"one of crm, erp, products, web, or {job.MARTS}" in out


def test_a_job_enters_its_run_and_its_step(tmp_path: Path) -> None:
    def work(call: JobCall) -> None:
        did("erp_orders", rows_read=3)

    argv = ["ingest", "--domain", "erp", "--lake_root", str(tmp_path), "--run_id", "scheduled__1"]
    assert run_job("ingest", work, argv) == 0
    lake, ever = Lake.at(str(tmp_path)), datetime(2020, 1, 1, tzinfo=UTC)
    (run,) = runs_since(lake, ever)
    assert (run.job, run.run_id, run.engine, run.state, run.exit_code) == (
        "ingest_erp", "scheduled__1", "local", "done", 0,
    )  # fmt: skip
    assert (run.code_version, run.contract_version) == (code_version(), contract_version(find_project(), "erp"))
    assert re.fullmatch(r"0\.1\.0\+[0-9a-f]{8} 1\.0\.0\+[0-9a-f]{8}", f"{run.code_version} {run.contract_version}")
    steps = {(step.job, step.step, step.domain, step.table_name, step.rows_read) for step in steps_since(lake, ever)}
    assert steps == {
        ("ingest_erp", "ingest", "erp", "erp_orders", 3),
        ("ingest_erp", "ingest", "erp", None, 0),
        ("ingest_erp", "around", "erp", None, 0),
    }


def test_another_contract_is_another_version(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "contracts").mkdir()
    for domain in ("crm", "erp"):
        (tmp_path / "contracts" / f"{domain}.yaml").write_text(f"version: 1.0.0\ndomain: {domain}\n")
    before = [contract_version(project, domain) for domain in ("crm", "erp", None)]
    (tmp_path / "contracts" / "erp.yaml").write_text("version: 1.1.0\ndomain: erp\n")
    after = [contract_version(project, domain) for domain in ("crm", "erp", None)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, False]
    assert after[1].startswith("1.1.0+")
