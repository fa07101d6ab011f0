"""A running Airflow with the DAGs: what must hold when workers die, people press twice, and past days are asked for."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator

import pytest

from lakehouse.contracts.reader import load_contracts
from tests.dags.airflow_home import ROOT
from tests.dags.glue_faults import Glue, bad_day
from tests.dags.live import Live, living, until
from tests.dags.receivers import Receiver, told
from tools.airflow.fake_aws import RAW_BUCKET, Cloud, deliver, publish_tables

pytestmark = pytest.mark.airflow

RUNNING, WELL = ("RUNNING", ""), ("SUCCEEDED", "")


@pytest.fixture(scope="module")
def slack() -> Iterator[Receiver]:
    with Receiver().serving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def glue(aws_of_module: Cloud) -> Iterator[Glue]:
    with pytest.MonkeyPatch.context() as patch:
        yield bad_day(patch)


@pytest.fixture(scope="module")
def live(
    glue: Glue,
    aws_of_module: Cloud,
    aws_variables: dict[str, str],
    slack: Receiver,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Live]:
    """One Airflow for all tests of this file."""
    with living(tmp_path_factory.mktemp("live"), aws_variables | told(slack)) as airflow:
        yield airflow


def failures(slack: Receiver) -> list[str]:
    """What Slack was told of failures; a day's scheduled run that a test starts late is told, too."""
    return [text for text in slack.texts if " UTC → airflow dags trigger " not in text]


def test_the_pool_is_there_when_the_scheduler_is(live: Live) -> None:
    pool = live.get("pools/marts_writers")
    assert (pool["slots"], pool["include_deferred"]) == (1, True)
    assert live.get("importErrors")["total_entries"] == 0


def test_a_worker_that_dies_while_it_starts_a_job_starts_no_second_one(
    live: Live, glue: Glue, aws_of_module: Cloud, slack: Receiver
) -> None:
    glue.outcomes[:] = [RUNNING]
    with glue.holding("start_job_run") as begun:
        live.trigger("transform_web", "killed")
        assert begun.wait(60), "Glue has the run, and the worker not yet its name"
        assert live.kill_workers() >= 1
    until(
        lambda: live.task("transform_web", "killed", "transform"), lambda task: task[1] == 2 and task[0] == "deferred"
    )
    glue.end_runs(WELL)
    assert live.ended("transform_web", "killed") == "success"
    assert len(aws_of_module.runs("transform_web")) == 1
    assert live.tasks("transform_web", "killed") == {"transform": ("success", 2), "all_parts_done": ("success", 1)}
    assert failures(slack) == []


def test_a_connection_that_is_lost_while_it_waits_starts_no_second_job(
    live: Live, glue: Glue, aws_of_module: Cloud, slack: Receiver
) -> None:
    glue.outcomes[:] = [RUNNING]
    live.trigger("transform_crm", "cut")
    until(lambda: live.task("transform_crm", "cut", "transform")[0], lambda state: state == "deferred")
    glue.cut["get_job_run"] = 40
    until(lambda: live.task("transform_crm", "cut", "transform")[1], lambda tries: tries == 2)
    glue.cut.clear()
    glue.end_runs(WELL)
    assert live.ended("transform_crm", "cut") == "success"
    assert len(aws_of_module.runs("transform_crm")) == 1
    assert failures(slack) == []


def test_a_dag_that_is_triggered_twice_runs_one_after_the_other(live: Live, glue: Glue, aws_of_module: Cloud) -> None:
    glue.outcomes[:] = [RUNNING, WELL]
    for run_id in ("first", "second"):
        live.trigger("validate_products", run_id)
    with pytest.raises(urllib.error.HTTPError) as refused:
        live.trigger("validate_products", "second")
    assert refused.value.code == 409
    until(lambda: live.task("validate_products", "first", "validate")[0], lambda state: state == "deferred")
    assert live.runs("validate_products") == {"first": "running", "second": "queued"}
    assert len(aws_of_module.runs("validate_products")) == 1
    glue.end_runs(WELL)
    assert [live.ended("validate_products", run_id) for run_id in ("first", "second")] == ["success", "success"]
    assert len(aws_of_module.runs("validate_products")) == 2


def test_a_backfill_takes_what_is_there_and_waits_for_nothing(live: Live, aws_of_module: Cloud) -> None:
    live.unpause("ingest_products")
    (today,) = until(lambda: list(live.runs("ingest_products")), lambda runs: len(runs) == 1)
    until(lambda: live.task("ingest_products", today, "wait_for_landing")[0], lambda state: state == "deferred")
    aws_of_module.s3.put_object(Bucket=RAW_BUCKET, Key="raw/products/1/products.csv", Body=b"product_id\n")
    days = {"from_date": "2026-11-01T00:00:00Z", "to_date": "2026-11-03T23:59:00Z"}
    live.post("backfills", {"dag_id": "ingest_products", "max_active_runs": 1, **days})
    runs = until(
        lambda: {run: state for run, state in live.runs("ingest_products").items() if run != today},
        lambda runs: len(runs) == 3 and set(runs.values()) <= {"success", "failed"},
    )
    assert set(runs.values()) == {"success"}
    waits = sorted(live.tasks("ingest_products", run)["wait_for_landing"][0] for run in runs)
    assert waits == ["skipped", "skipped", "success"]
    assert len(aws_of_module.runs("ingest_products")) == 1


def test_one_delivery_goes_from_landing_to_the_views(live: Live, aws_of_module: Cloud, slack: Receiver) -> None:
    contracts = load_contracts(ROOT / "contracts")
    deliver(aws_of_module, contracts)
    publish_tables(aws_of_module, contracts)
    later = ("validate_erp", "transform_erp", "publish_erp", "transform_marts", "publish_marts")
    live.unpause("ingest_erp", *later)
    until(lambda: live.runs("ingest_erp"), lambda runs: "success" in runs.values())
    for dag_id in later:
        states = until(lambda dag_id=dag_id: live.runs(dag_id), lambda runs: set(runs.values()) & {"success", "failed"})
        assert "failed" not in states.values(), dag_id
        assert any(run.startswith("asset_triggered") for run in states), (dag_id, states)
    assert aws_of_module.queries(), "each view was asked"
    assert failures(slack) == []
