"""The DAGs under real Airflow: complete, alike in how they are run, and joined as the contracts draw them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contract import Contracts
from lakehouse.contract_file import load_contracts

ROOT = Path(__file__).resolve().parents[2]
DAGS = str(ROOT / "dags")
STEPS = ("ingest", "validate", "transform", "publish")
FACT = "fct_daily_store_metrics"


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(ROOT / "contracts")


def expected_ids(contracts: Contracts) -> set[str]:
    domains = {f"{step}_{domain}" for step in STEPS for domain in contracts.domains}
    return domains | {"transform_marts", "publish_marts", "maintain_lakehouse"}


def test_bag_is_complete_and_has_no_error(bag: dict[str, Any], contracts: Contracts) -> None:
    assert bag["dags"]
    assert bag["errors"] == {}
    assert set(bag["dags"]) == expected_ids(contracts)


def test_parsing_is_quick(bag: dict[str, Any]) -> None:
    # The promise is 2 s; the provider's own import is most of it, and this machine may be busy.
    assert bag["seconds"] < 5


def test_every_dag_keeps_the_policy(bag: dict[str, Any]) -> None:
    assert bag["dags"]
    for dag_id, dag in bag["dags"].items():
        step, subject = dag_id.split("_", 1)
        assert not dag["catchup"], dag_id
        assert dag["max_active_runs"] == 1, dag_id
        assert dag["owner"] not in ("", "airflow"), dag_id
        assert dag["tags"] == sorted({"lakehouse", step, subject}), dag_id
        for part in ("**Purpose**", "**Source**", "**Consumer**", "**Owner**", "#### When it fails"):
            assert part in dag["doc_md"], (dag_id, part)
        for task_id, task in dag["tasks"].items():
            assert task["retries"] >= 1, (dag_id, task_id)
            assert task["backoff"] > 1, (dag_id, task_id)
            assert task["deferrable"], (dag_id, task_id)
            assert 0 < task["execution_timeout"] <= 4 * 3600, (dag_id, task_id)


def test_every_dag_runs_the_glue_job_of_its_name(bag: dict[str, Any]) -> None:
    for dag_id, dag in bag["dags"].items():
        step, subject = dag_id.split("_", 1)
        task = dag["tasks"][step]
        facts = task["facts"]
        assert "GlueJobOperator" in task["operators"]
        assert facts["job_name"] == dag_id
        assert facts["resume_glue_job_on_retry"]
        waits = facts["waiter_delay"] * facts["waiter_max_attempts"]
        assert 2 * 3600 < waits < task["execution_timeout"], dag_id
        assert facts["script_args"].get("--domain") == (None if subject == "lakehouse" else subject)
        assert facts["script_args"]["--lake_root"] == "{{ var.value.lakehouse_lake_root }}"
        assert all(isinstance(value, str) for value in facts["script_args"].values())


def test_ingest_waits_for_the_files_of_its_domain(bag: dict[str, Any], contracts: Contracts) -> None:
    for contract in contracts:
        tasks = bag["dags"][f"ingest_{contract.domain}"]["tasks"]
        sensor = tasks["wait_for_landing"]
        assert "S3KeySensor" in sensor["operators"]
        assert sensor["facts"]["soft_fail"]
        key = f"{{{{ var.value.lakehouse_raw_root }}}}/{contract.domain}/*"
        assert sensor["facts"]["bucket_key"] == key
        assert tasks["ingest"]["upstream"] == ["wait_for_landing"]


@pytest.mark.parametrize(("domain", "seconds"), [("erp", 7200), ("web", 2700)])
def test_ingest_gives_up_before_its_next_run(bag: dict[str, Any], domain: str, seconds: int) -> None:
    facts = bag["dags"][f"ingest_{domain}"]["tasks"]["wait_for_landing"]["facts"]
    assert facts["timeout"] == seconds


def test_owner_and_deadline_come_from_the_contract(bag: dict[str, Any], contracts: Contracts) -> None:
    for contract in contracts:
        for step in STEPS:
            dag = bag["dags"][f"{step}_{contract.domain}"]
            assert dag["owner"] == contract.owner
            assert f"**Deadline** {contract.deadline} UTC" in dag["doc_md"]
            assert contract.contact in dag["doc_md"]


def drawn(contracts: Contracts) -> dict[str, tuple[Any, list[str]]]:
    """Each DAG's start and what it updates, drawn from the contracts by hand."""
    graph: dict[str, tuple[Any, list[str]]] = {}
    for contract in contracts:
        layers = ("bronze", "judged", "silver", "analytics")
        written = [sorted(f"{layer}/{dataset.name}" for dataset in contract.datasets) for layer in layers]
        starts = [{"cron": contract.schedule}, *({"all": names} for names in written[:3])]
        for step, start, names in zip(STEPS, starts, written, strict=True):
            graph[f"{step}_{contract.domain}"] = (start, names)
    silver = sorted(f"silver/{dataset.name}" for dataset in contracts.datasets)
    graph["transform_marts"] = ({"any": silver}, [f"marts/{FACT}"])
    graph["publish_marts"] = ({"all": [f"marts/{FACT}"]}, [f"analytics/{FACT}"])
    return graph


def test_asset_graph_is_the_one_that_the_contracts_draw(bag: dict[str, Any], contracts: Contracts) -> None:
    found = {}
    for dag_id, dag in bag["dags"].items():
        outlets = sorted(name for task in dag["tasks"].values() for name in task["outlets"])
        found[dag_id] = (dag["schedule"], outlets)
    upkeep, outlets = found.pop("maintain_lakehouse")
    assert upkeep["cron"]
    assert outlets == []
    assert found == drawn(contracts)


def test_asset_addresses_hold_no_bucket(bag: dict[str, Any]) -> None:
    tasks = [task for dag in bag["dags"].values() for task in dag["tasks"].values()]
    for task in tasks:
        assert task["outlet_uris"] == [f"lakehouse://{name}" for name in task["outlets"]]


def test_a_fifth_contract_gives_four_more(run_script: Callable[..., Any], tmp_path: Path, bag: dict[str, Any]) -> None:
    folder = tmp_path / "contracts"
    shutil.copytree(ROOT / "contracts", folder)
    text = (folder / "erp.yaml").read_text(encoding="utf-8")
    (folder / "returns.yaml").write_text(
        text.replace("erp_orders", "store_returns").replace("domain: erp", "domain: returns"),
        encoding="utf-8",
    )
    more = run_script("bag_report.py", DAGS, LAKEHOUSE_CONTRACTS=str(folder))
    assert more["errors"] == {}
    assert set(more["dags"]) - set(bag["dags"]) == {f"{step}_returns" for step in STEPS}
    assert "silver/store_returns" in more["dags"]["transform_marts"]["schedule"]["any"]
