"""What a bad end of a Glue run does: how many runs are started, how the task ends, what people are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.dags.conversation import Conversation
from tests.dags.glue_faults import Glue, bad_day
from tests.dags.receivers import Receiver, told
from tools.airflow.fake_aws import JOB_FILES

FAILED_TEST = "error [exit 3]: dbt: fct_daily_store_metrics: 3 rows <broke> a test. What was published before stays."
BUSY = "SystemExit: error [exit 75]: erp_orders: at each of 5 tries another writer committed first"
GONE = "LAUNCH ERROR | Resource unavailable. Please try again."

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def glue(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Glue:
    return bad_day(monkeypatch)


@pytest.fixture
def slack() -> Iterator[Receiver]:
    with Receiver().serving() as receiver:
        yield receiver


@pytest.fixture
def transform_erp(run_dags: Callable[..., Any], slack: Receiver) -> Run:
    """Runs the DAG with no wait before a retry, and returns the state of its task and of the run."""

    def run(**variables: str) -> dict[str, Any]:
        (ended,) = run_dags("transform_erp", **told(slack), **variables)
        return {"run": ended["run"], "tasks": ended["tasks"]}

    return run


def test_a_job_whose_wheel_is_not_there_is_tried_again_and_says_that_it_was_not_launched(
    glue: Glue, slack: Receiver, transform_erp: Run, aws: Any
) -> None:
    bucket, _, key = JOB_FILES["--extra-py-files"].removeprefix("s3://").partition("/")
    aws.s3.delete_object(Bucket=bucket, Key=key)
    ended = transform_erp()
    assert ended["tasks"] == {"transform": "failed", "all_parts_done": "upstream_failed"}
    assert len(aws.runs("transform_erp")) == 4
    (text,) = slack.texts
    assert "LAUNCH ERROR | " in text, text


@pytest.mark.parametrize(
    ("outcomes", "runs", "state"),
    [
        ([("FAILED", BUSY)], 2, "success"),
        ([("FAILED", GONE), ("ERROR", ""), ("FAILED", "SystemExit: 75")], 4, "success"),
        ([("FAILED", BUSY)] * 4, 4, "failed"),
        ([("FAILED", FAILED_TEST)], 1, "failed"),
        ([("FAILED", "SystemExit: 3")], 1, "failed"),
        ([("FAILED", BUSY), ("FAILED", FAILED_TEST)], 2, "failed"),
        ([("TIMEOUT", "")], 1, "failed"),
        ([("STOPPED", "")], 1, "failed"),
    ],
    ids=[
        "busy once",
        "three times",
        "busy for ever",
        "failed test",
        "bare code",
        "busy, then test",
        "limit",
        "stopped",
    ],
)
def test_runs_and_messages(
    outcomes: list[tuple[str, str]], runs: int, state: str, glue: Glue, aws: Any, slack: Receiver, transform_erp: Run
) -> None:
    glue.outcomes[:] = outcomes
    ended = transform_erp()
    after = {"success": "success", "failed": "upstream_failed"}[state]
    assert ended == {"run": state, "tasks": {"transform": state, "all_parts_done": after}}
    assert len(aws.runs("transform_erp")) == runs
    assert len(slack.texts) == (state == "failed")


def test_the_message_says_why_and_where_to_look(glue: Glue, slack: Receiver, transform_erp: Run, aws: Any) -> None:
    glue.outcomes[:] = [("FAILED", FAILED_TEST)]
    transform_erp()
    (text,) = slack.texts
    line, links = text.splitlines()
    reason = FAILED_TEST.replace("<", "&lt;").replace(">", "&gt;")
    assert line == f"manual action: {ERP}: run failed: {ERP}: {reason} → airflow dags trigger {ERP}"
    run_id = aws.runs("transform_erp")[0]["Id"]
    assert "/dags/transform_erp/runs/" in links.split(" · ")[0]
    assert f"#/job/transform_erp/run/{run_id}|Glue run>" in links
    assert "bucket" not in links.split(" · ")[2]
    assert links.endswith("/s3/object/retail-curated?prefix=docs/data_docs/index.html|Data Docs>")


def test_a_failure_is_told_once_until_a_run_succeeds(
    glue: Glue, slack: Receiver, run_dags: Callable[..., Any], aws: Any
) -> None:
    failed, good = ("FAILED", FAILED_TEST), ("SUCCEEDED", "")
    for outcomes, texts in (([failed, failed, failed], 1), ([failed, good, failed], 2)):
        glue.outcomes[:] = outcomes
        slack.bodies.clear()
        run_dags(*[ERP] * 3, **told(slack))
        assert len(slack.texts) == texts


ERP = "transform_erp"
REFUSED = "error [exit 3, the rest is done]: erp: erp_orders_b.csv: required column unit_price missing."
BUSY_IN_PART = "error [exit 75, the rest is done]: erp_orders: at each of 5 tries another writer committed first"


@pytest.mark.parametrize(
    ("outcomes", "runs", "reason"),
    [([("FAILED", REFUSED)], 1, REFUSED), ([("FAILED", BUSY_IN_PART)] * 4, 4, BUSY_IN_PART)],
    ids=["for good", "busy for ever"],
)
def test_a_failed_part_is_told_and_the_rest_is_passed_on(
    outcomes: list[tuple[str, str]], runs: int, reason: str, glue: Glue, aws: Any, slack: Receiver, transform_erp: Run
) -> None:
    """The task of the job has the assets as outlets, so that its success starts the next step."""
    glue.outcomes[:] = outcomes
    assert transform_erp() == {"run": "failed", "tasks": {"transform": "success", "all_parts_done": "failed"}}
    assert len(aws.runs("transform_erp")) == runs
    (text,) = slack.texts
    head = "manual action: transform_erp: run failed at the task all_parts_done: transform_erp: "
    assert text.splitlines()[0] == f"{head}{reason} → airflow dags trigger transform_erp"


def test_a_part_that_was_busy_is_tried_again(glue: Glue, slack: Receiver, transform_erp: Run, aws: Any) -> None:
    glue.outcomes[:] = [("FAILED", BUSY_IN_PART)]
    assert transform_erp() == {"run": "success", "tasks": {"transform": "success", "all_parts_done": "success"}}
    assert len(aws.runs("transform_erp")) == 2
    assert slack.texts == []


def test_throttled_calls_start_one_run(glue: Glue, aws: Any, slack: Receiver, transform_erp: Run) -> None:
    glue.throttled.update(start_job_run=7, get_job_run=2)
    assert transform_erp()["run"] == "success"
    assert glue.calls["start_job_run"] == 8
    assert len(aws.runs("transform_erp")) == 1
    assert slack.texts == []


def test_a_job_that_is_not_there_is_not_tried_again(glue: Glue, aws: Any, slack: Receiver, transform_erp: Run) -> None:
    aws.glue.delete_job(JobName="transform_erp")
    assert transform_erp()["run"] == "failed"
    assert "Glue refuses the run" in slack.texts[0]
    assert glue.calls["start_job_run"] == 0


@pytest.mark.parametrize("missing", ["variable", "connection", "slack"])
def test_nobody_to_tell_hides_nothing(missing: str, glue: Glue, airflow: Conversation) -> None:
    glue.outcomes[:] = [("FAILED", FAILED_TEST)]
    known = {
        "variable": {},
        "connection": {"AIRFLOW_VAR_SLACK_WEBHOOK_CONN_ID": "nowhere"},
        "slack": {
            "AIRFLOW_VAR_SLACK_WEBHOOK_CONN_ID": "slack_ops",
            "AIRFLOW_CONN_SLACK_OPS": '{"conn_type": "slackwebhook", "host": "http://127.0.0.1:9", "password": "x"}',
        },
    }[missing]
    (run,) = airflow.ask(dags=["transform_erp"], variables=known)
    assert (run["run"], run["tasks"]) == ("failed", {"transform": "failed", "all_parts_done": "upstream_failed"})
    assert "fct_daily_store_metrics: 3 rows <broke> a test" in airflow.log
    warning = {"variable": "The Airflow Variable slack_webhook_conn_id is not set"}.get(
        missing, "Could not reach Slack"
    )
    assert airflow.log.count(warning) == 1
