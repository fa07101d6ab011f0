"""The one module that knows Glue: options, and stand-ins with the official signatures."""

from __future__ import annotations

import inspect
import runpy
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.contracts.project import Project
from lakehouse.errors import UsageError
from lakehouse.runtime import glue
from lakehouse.runtime.glue import (
    LocalGlueContext,
    LocalJob,
    command_context,
    local_resolved_options,
    on_glue,
    open_job,
)
from lakehouse.runtime.safe_commits import UnsafeCommitsError

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(path.stem for path in (ROOT / "glue_jobs").glob("*.py"))
REQUIRED, OPTIONAL = ("domain", "lake_root"), ("raw_root", "run_id")


def official(module: str, name: str) -> Any:
    """A name of the official package, which has no wheel for Python 3.12."""
    reason = f"awsglue has no wheel for Python {sys.version_info.major}.{sys.version_info.minor}"
    return getattr(pytest.importorskip(f"awsglue.{module}", reason=reason), name)


def options(*words: str) -> dict[str, str]:
    return open_job("ingest", ["ingest.py", *words], REQUIRED, OPTIONAL).options


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("ending", [0, 3, "error [exit 3]: no file"])
def test_a_job_script_exits_only_to_report_a_failure(
    script: str, ending: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.runtime.job.run_job", lambda *_, **__: ending)
    path = str(ROOT / "glue_jobs" / f"{script}.py")
    # Glue may take SystemExit(0) for a failure.
    with pytest.raises(SystemExit) if ending else nullcontext() as raised:
        runpy.run_path(path, run_name="__main__")
    assert (raised.value.code if raised else 0) == ending


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--domain", "erp", "--lake_root", "/lake"], {"domain": "erp", "lake_root": "/lake"}),
        (["--lake_root=s3://lake/l=a=b", "--domain=erp"], {"domain": "erp", "lake_root": "s3://lake/l=a=b"}),
        (
            ["--domain=erp", "--lake_root", "/l", "--raw_root", "/r", "--run_id=7"],
            {"domain": "erp", "lake_root": "/l", "raw_root": "/r", "run_id": "7"},
        ),
        (["--domain", "erp", "--domain", "crm", "--lake_root", "/l"], {"domain": "crm", "lake_root": "/l"}),
        (["--domain=", "--lake_root", "/with blank"], {"domain": "", "lake_root": "/with blank"}),
    ],
)
def test_options(words: list[str], expected: dict[str, str]) -> None:
    assert options(*words) == expected


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "--domain is missing; `ingest --help` shows the options."),
        (["--domain", "erp"], "--lake_root is missing; `ingest --help` shows the options."),
        (["--domian", "erp", "--lake_root", "/l"], "There is no option --domian. Did you mean 'domain'?"),
        (["--domain", "erp", "--lake-root=/l"], "There is no option --lake-root. Did you mean 'lake_root'?"),
        (["--domain", "erp", "--x=1"], "There is no option --x. Known: domain, lake_root, raw_root, run_id."),
    ],
)
def test_options_that_are_missing_or_unknown(words: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        options(*words)
    assert str(caught.value) == sentence


def test_an_option_without_its_value() -> None:
    with pytest.raises(UsageError, match="--lake_root: expected one argument"):
        options("--domain", "erp", "--lake_root")


def test_glue_is_known_by_the_run_that_it_names() -> None:
    calls = [["job"], ["job", "--domain", "erp"], ["job", "--JOB_RUN_ID", "jr_1"], ["job", "--JOB_RUN_ID=jr_1"]]
    assert [on_glue(call) for call in calls] == [False, False, True, True]


@pytest.mark.parametrize(
    ("module", "name", "ours"),
    [
        ("utils", "getResolvedOptions", local_resolved_options),
        ("job", "Job.__init__", LocalJob.__init__),
        ("job", "Job.init", LocalJob.init),
        ("job", "Job.commit", LocalJob.commit),
        ("job", "Job.isInitialized", LocalJob.isInitialized),
        ("context", "GlueContext.__init__", LocalGlueContext.__init__),
    ],
)
def test_a_stand_in_has_the_official_signature(module: str, name: str, ours: Callable[..., Any]) -> None:
    theirs = official(module, name.split(".")[0])
    for part in name.split(".")[1:]:
        theirs = getattr(theirs, part)

    def shape(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
        return [(word.name, word.kind, word.default) for word in inspect.signature(function).parameters.values()]

    assert shape(ours) == shape(theirs)


@pytest.mark.parametrize(
    "words",
    [
        ["--domain", "erp", "--lake_root", "s3://bucket/lake"],
        ["--lake_root=s3://bucket/lake?a=b", "--domain=erp"],
        [
            "--JOB_NAME",
            "ingest",
            "--JOB_RUN_ID",
            "jr_1",
            "--domain",
            "erp",
            "--lake_root",
            "/l",
            "--enable-metrics",
            "true",
        ],
        ["--domain", "erp", "--domain=crm", "--lake_root", "", "word"],
        ["--domain", "erp"],
        ["--domain", "erp", "--lake_root"],
    ],
)
def test_the_stand_in_resolves_as_the_official_one(words: list[str]) -> None:
    resolve, error = official("utils", "getResolvedOptions"), official("utils", "GlueArgumentError")

    def found(function: Callable[..., dict[str, str]], refusal: type[Exception]) -> dict[str, str] | str:
        try:
            resolved = function(["job.py", *words], list(REQUIRED))
        except refusal as refused:
            return str(refused)
        return {name: resolved[name] for name in REQUIRED}

    assert found(local_resolved_options, UsageError) == found(resolve, error)


def test_a_job_of_ours_begins_and_ends() -> None:
    job = LocalJob(LocalGlueContext())
    states = [job.isInitialized()]
    for step in (lambda: job.init("ingest", {"a": "b"}), job.commit):
        step()
        states.append(job.isInitialized())
    assert states == [False, True, False]


def test_a_command_on_s3_gets_a_session_for_s3_and_proves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def start(project: Project, extra: Any, on_s3: bool, is_small: bool) -> Any:
        started.append(on_s3)
        return SimpleNamespace(sparkContext=SimpleNamespace(getConf=lambda: {}))

    monkeypatch.setattr("lakehouse.runtime.session.local_session", start)
    monkeypatch.setattr("lakehouse.runtime.session.list_files", lambda folder: [])
    command_context("lake").spark()
    with pytest.raises(UnsafeCommitsError, match="not set"):  # the session above names no log store
        command_context("s3://bucket/lake").spark()
    assert started == [False, True]


def test_the_job_scripts_do_nothing_on_import() -> None:
    assert SCRIPTS == ["ingest", "maintain", "publish", "transform", "validate"]
    heavy = {"pyspark", "awsglue", "boto3", "deltalake", "duckdb", "dbt", "great_expectations"}
    names = ", ".join(SCRIPTS)
    code = f"import sys; sys.path.insert(0, 'glue_jobs'); import {names}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


def test_nothing_else_mentions_awsglue() -> None:
    sources = [ROOT / "local_runner.py", *(ROOT / "glue_jobs").rglob("*.py"), *(ROOT / "dags").rglob("*.py")]
    assert len(sources) > 40
    assert [path for path in sources if "awsglue" in path.read_text(encoding="utf-8")] == [Path(glue.__file__)]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("error [exit 75]: erp_orders: another writer committed first", 75),
        ("SystemExit: error [exit 3]: erp: a column is missing", 3),
        ("SystemExit: 3", 3),
        ("error [exit 2]: There is no domain 'erq'.", 2),
        ("ValueError: SystemExit: 3 was not meant", None),
        ("LAUNCH ERROR | Resource unavailable", None),
        ("", None),
    ],
)
def test_the_exit_code_is_read_back_from_glues_message(message: str, code: int | None) -> None:
    assert glue.exit_code_in(message) == code


def test_an_end_is_a_code_here_and_a_text_on_glue() -> None:
    assert glue.exit_status(75, "busy", ["job"]) == 75
    said = glue.exit_status(75, "busy", ["job", "--JOB_RUN_ID", "jr_1"])
    assert said == "error [exit 75]: busy"
    assert glue.exit_code_in(str(said)) == 75
