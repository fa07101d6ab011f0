"""The DAGs under real Airflow: complete, alike in how they are run, and joined as the contracts draw them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_files import mart_names
from lakehouse.contracts.reader import load_contracts
from lakehouse.contracts.readers import find_readers

ROOT = Path(__file__).resolve().parents[2]
DAGS = str(ROOT / "dags")
READ_BY_MARTS = {name for reader in find_readers(ROOT / "dbt") if reader.kind == "marts" for name in reader.datasets}
STEPS = ("ingest", "validate", "transform", "publish")
MARTS = mart_names(ROOT / "dbt")


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


def test_every_dag_keeps_the_policy(bag: dict[str, Any]) -> None:
    assert bag["dags"]
    for dag_id, dag in bag["dags"].items():
        step, subject = dag_id.split("_", 1)
        assert not dag["catchup"], dag_id
        assert dag["max_active_runs"] == 1, dag_id
        assert dag["owner"] not in ("", "airflow"), dag_id
        assert dag["tags"] == sorted({"lakehouse", step, subject}), dag_id
        assert dag["deadline"], dag_id
        for part in ("**Purpose**", "**Source**", "**Consumer**", "**Owner**", "**Deadline**", "#### When it fails"):
            assert part in dag["doc_md"], (dag_id, part)
        for task_id, task in dag["tasks"].items():
            assert task["retries"] == 3, (dag_id, task_id)  # as the run book says
            first, longest = task["retry_delays"]
            assert 0 < first <= 300 < longest <= 3600, (dag_id, task_id)
            assert task["backoff"] > 1, (dag_id, task_id)
            assert task["deferrable"] or task_id.startswith(("sync_", "all_parts_done")), (dag_id, task_id)
            assert task["on_failure"] == ["notify_failure"], (dag_id, task_id)
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


def test_jobs_of_several_parts_report_those_that_failed(bag: dict[str, Any]) -> None:
    for dag_id, dag in bag["dags"].items():
        step, _ = dag_id.split("_", 1)
        reports = step in ("ingest", "validate", "transform")
        assert ("all_parts_done" in dag["tasks"]) == reports, dag_id
        assert ("`all_parts_done` failed" in dag["doc_md"]) == reports, dag_id
        if reports:
            assert dag["tasks"]["all_parts_done"]["upstream"] == [step]


def test_ingest_waits_for_the_files_of_its_domain(bag: dict[str, Any], contracts: Contracts) -> None:
    for contract in contracts:
        tasks = bag["dags"][f"ingest_{contract.domain}"]["tasks"]
        sensor = tasks["wait_for_landing"]
        assert "S3KeySensor" in sensor["operators"]
        assert sensor["facts"]["soft_fail"]
        key = f"{{{{ var.value.lakehouse_raw_root }}}}/{contract.domain}/*"
        assert sensor["facts"]["bucket_key"] == key
        landed = f"{{{{ var.value.lakehouse_lake_root }}}}/curated/ops/_landed/{contract.domain}.json"
        assert sensor["facts"]["landed_key"] == landed
        assert tasks["ingest"]["upstream"] == ["wait_for_landing"]


@pytest.mark.parametrize(("domain", "seconds"), [("erp", 7200), ("web", 2700)])
def test_ingest_gives_up_before_its_next_run(bag: dict[str, Any], domain: str, seconds: int) -> None:
    facts = bag["dags"][f"ingest_{domain}"]["tasks"]["wait_for_landing"]["facts"]
    assert facts["timeout"] == seconds
    assert facts["poke_interval"] * 5 < seconds


def test_owner_and_deadline_come_from_the_contract(bag: dict[str, Any], contracts: Contracts) -> None:
    for contract in contracts:
        for step in STEPS:
            dag = bag["dags"][f"{step}_{contract.domain}"]
            assert dag["owner"] == contract.owner
            assert f"**Deadline** {contract.deadline} UTC" in dag["doc_md"]
            assert contract.contact in dag["doc_md"]
            facts = {"dag_id": f"{step}_{contract.domain}", "domain": contract.domain, "due": contract.deadline,
                     "alerts": contract.alerts.words}  # fmt: skip
            callback = "lakehouse.airflow.messages.notify_lateness"
            assert dag["deadline"] == [[contract.deadline, callback, facts]]


def test_shared_dags_are_due_with_the_last_domain(bag: dict[str, Any], contracts: Contracts) -> None:
    last = max(one.deadline for one in contracts for dataset in one.datasets if dataset.name in READ_BY_MARTS)
    for dag_id in ("transform_marts", "publish_marts", "maintain_lakehouse"):
        assert [time for time, _, _ in bag["dags"][dag_id]["deadline"]] == [last]


def test_ingest_crawls_what_has_landed(bag: dict[str, Any], contracts: Contracts) -> None:
    for contract in contracts:
        task = bag["dags"][f"ingest_{contract.domain}"]["tasks"]["crawl_landing"]
        assert "GlueCrawlerRunOperator" in task["operators"]
        assert task["upstream"] == ["ingest"]
        assert task["facts"]["crawler_name"] == f"landing_{contract.domain}"
        assert task["facts"]["fail_on_already_running"] is False
        sensor = bag["dags"][f"ingest_{contract.domain}"]["tasks"]["wait_for_landing"]
        assert task["facts"]["landed_key"] == sensor["facts"]["landed_key"]


def test_publish_syncs_the_docs(bag: dict[str, Any], contracts: Contracts) -> None:
    of_domains = [(domain, "data_docs") for domain in contracts.domains]
    for subject, name in (*of_domains, ("marts", "dbt"), ("marts", "site")):
        task = bag["dags"][f"publish_{subject}"]["tasks"][f"sync_{name}"]
        assert "S3CopyPrefixOperator" in task["operators"]
        assert task["upstream"] == ["publish"]
        lake = "{{ var.value.lakehouse_lake_root }}"
        assert task["facts"]["source_bucket_prefix"] == f"{lake}/curated/docs/{name}/"
        site = "{{ var.value.get('lakehouse_docs_root', '') or var.value.lakehouse_lake_root ~ '/docs' }}"
        assert task["facts"]["dest_bucket_prefix"] == f"{site}/{name}/"


def test_publish_asks_every_view_after_those_below(bag: dict[str, Any]) -> None:
    files = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / "dbt/athena_views").glob("*.sql")}
    tasks = bag["dags"]["publish_marts"]["tasks"]
    asked = {task_id.removeprefix("query_"): task for task_id, task in tasks.items() if task_id.startswith("query_")}
    assert set(asked) == set(files)
    assert files
    for view, task in asked.items():
        assert "AthenaOperator" in task["operators"]
        below = sorted(f"query_{other}" for other in task["facts"]["also_views"])
        assert task["upstream"] == sorted([*below, "publish"])
        assert task["facts"]["reads"] or below, view
        assert task["facts"]["workgroup"] == "{{ var.value.get('lakehouse_athena_workgroup', 'primary') }}"


@pytest.fixture(scope="module")
def changed_bag(run_script: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The DAGs of a project with a fifth contract, a list of orders, and a mart with a deadline of its own."""
    folder = tmp_path_factory.mktemp("changed")
    shutil.copytree(ROOT / "contracts", folder / "contracts")
    add_returns(folder / "contracts")
    add_tags(folder / "contracts/erp.yaml")
    shutil.copytree(ROOT / "dbt", folder / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    about = folder / "dbt/models/marts/fct_customer_value.yml"
    about.write_text(about.read_text(encoding="utf-8").replace("meta:", 'meta:\n        deadline: "09:15"', 1))
    found: dict[str, Any] = run_script(
        "bag_report.py", DAGS, LAKEHOUSE_CONTRACTS=str(folder / "contracts"), LAKEHOUSE_DBT=str(folder / "dbt")
    )
    assert found["errors"] == {}
    return found


def add_returns(contracts: Path) -> None:
    """A domain of its own, of the shape of the orders; no mart reads it."""
    text = (contracts / "erp.yaml").read_text(encoding="utf-8")
    (contracts / "returns.yaml").write_text(
        text.replace("erp_orders", "store_returns").replace("domain: erp", "domain: returns"), encoding="utf-8"
    )


def add_tags(file: Path) -> None:
    """A list of the orders, which the contract explodes."""
    key = "      - name: order_id\n"
    tags = "      - {name: tags, physicalType: array, description: T., items: {physicalType: string}}\n"
    text = file.read_text(encoding="utf-8").replace("fileFormat, value: csv", "fileFormat, value: json_lines")
    drift = "      - {property: drift"
    text = text.replace(drift, f"      - {{property: explode, value: tags}}\n{drift}").replace(key, tags + key)
    file.write_text(text, encoding="utf-8")


def test_views_of_lists_are_asked_too(changed_bag: dict[str, Any]) -> None:
    task = changed_bag["dags"]["publish_marts"]["tasks"]["query_erp_orders_tags"]
    assert (task["facts"]["reads"], task["upstream"]) == (["silver.erp_orders"], ["publish"])


def test_writers_of_the_marts_share_a_pool(bag: dict[str, Any]) -> None:
    pools = {(dag_id, name): task["pool"] for dag_id, dag in bag["dags"].items() for name, task in dag["tasks"].items()}
    writers = {("transform_marts", "transform"), ("maintain_lakehouse", "maintain")}
    assert {task for task, pool in pools.items() if pool == "marts_writers"} == writers
    assert set(pools.values()) == {"marts_writers", "default_pool"}


def drawn(contracts: Contracts) -> dict[str, tuple[Any, list[str]]]:
    """Each DAG's start and what it updates, drawn from the contracts by hand."""
    graph: dict[str, tuple[Any, list[str]]] = {}
    for contract in contracts:
        layers = ("bronze", "validated", "silver", "analytics")
        written = [sorted(f"{layer}/{dataset.name}" for dataset in contract.datasets) for layer in layers]
        starts = [{"cron": contract.schedule}, *({"all": names} for names in written[:3])]
        for step, start, names in zip(STEPS, starts, written, strict=True):
            graph[f"{step}_{contract.domain}"] = (start, names)
    silver = sorted(f"silver/{name}" for name in READ_BY_MARTS)
    graph["transform_marts"] = ({"any": silver}, [f"marts/{name}" for name in MARTS])
    graph["publish_marts"] = ({"all": [f"marts/{name}" for name in MARTS]}, [f"analytics/{name}" for name in MARTS])
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


def test_the_run_book_says_what_starts_the_dag(bag: dict[str, Any]) -> None:
    words = {"any": " or ", "all": " and "}
    starts = [(dag, how, names) for dag in bag["dags"].values() for how, names in dag["schedule"].items()]
    assert {how for _, how, _ in starts} == {"any", "all", "cron"}
    for dag, how, names in starts:
        listed = f"by cron `{names}`" if how == "cron" else words[how].join(f"`{name}`" for name in names)
        assert listed in dag["doc_md"]


def test_asset_addresses_hold_no_bucket(bag: dict[str, Any]) -> None:
    tasks = [task for dag in bag["dags"].values() for task in dag["tasks"].values()]
    for task in tasks:
        assert task["outlet_uris"] == [f"lakehouse://{name}" for name in task["outlets"]]


def test_a_mart_with_a_deadline_of_its_own_has_its_own_alert(changed_bag: dict[str, Any]) -> None:
    others = ", ".join(name for name in MARTS if name != "fct_customer_value")
    for dag_id in ("transform_marts", "publish_marts"):
        dag = changed_bag["dags"][dag_id]
        due = [(time, about["domain"], about["due"]) for time, _, about in dag["deadline"]]
        assert due == [("06:00", others, "06:00"), ("09:15", "fct_customer_value", "09:15")]
        assert f"**Deadline** 06:00 UTC for {others}; 09:15 UTC for fct_customer_value, from landing" in dag["doc_md"]
    assert [time for time, _, _ in changed_bag["dags"]["maintain_lakehouse"]["deadline"]] == ["09:15"]


def test_a_fifth_contract_gives_four_more(bag: dict[str, Any], changed_bag: dict[str, Any]) -> None:
    assert set(changed_bag["dags"]) - set(bag["dags"]) == {f"{step}_returns" for step in STEPS}
    # The fact does not read it, so that it does not start the fact.
    assert changed_bag["dags"]["transform_marts"]["schedule"] == bag["dags"]["transform_marts"]["schedule"]
