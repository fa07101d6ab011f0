"""The plan of the jobs and the search for contracts, which need no Airflow."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType

import pytest

from lakehouse.contracts import plan
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.mart_deadlines import early_marts, mart_deadlines
from lakehouse.contracts.mart_graph import Mart, Reach
from lakehouse.contracts.marts import FACT, FACT_SOURCES
from lakehouse.contracts.reader import load_contracts

ROOT = Path(__file__).resolve().parents[2]
MARTS = read_marts(ROOT / "dbt")


def module(name: str) -> ModuleType:
    """One module of the factory, loaded by path so that the search path stays as it is."""
    spec = importlib.util.spec_from_file_location(f"dag_{name}", ROOT / f"dags/lakehouse_factory/{name}.py")
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up while they are made.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, loaded)
        spec.loader.exec_module(loaded)
    return loaded


def test_domains_come_first_and_sorted() -> None:
    contracts = load_contracts(ROOT / "contracts")
    ids = [job.dag_id for job in plan.plan_jobs(contracts, MARTS)]
    steps = ("ingest", "validate", "transform", "publish")
    of_domains = [f"{step}_{domain}" for domain in sorted(contracts.domains) for step in steps]
    assert ids == [*of_domains, "transform_marts", "publish_marts", "maintain_lakehouse"]


def with_another_domain(deadline: str) -> Contracts:
    """The contracts and one of a domain that the fact does not read, due later than all others."""
    contracts = load_contracts(ROOT / "contracts")
    erp = contracts.of("erp")
    unsold = replace(erp.datasets[0], name="unsold", domain="unsold")
    return Contracts((*contracts, replace(erp, domain="unsold", deadline=deadline, datasets=(unsold,))))


def test_the_fact_is_due_with_its_own_sources() -> None:
    """A domain that it does not read neither moves nor starts it."""
    jobs = {job.dag_id: job for job in plan.plan_jobs(with_another_domain("23:30"), MARTS)}
    before = {job.dag_id: job for job in plan.plan_jobs(load_contracts(ROOT / "contracts"), MARTS)}
    assert jobs["publish_unsold"].due == (plan.Due("unsold", "23:30"),)
    for dag_id in ("transform_marts", "publish_marts"):
        assert (jobs[dag_id].due, jobs[dag_id].reads) == (before[dag_id].due, before[dag_id].reads)
    assert jobs["transform_marts"].due == (plan.Due("marts", "06:00"),)


def due_by(
    domains: Mapping[str, str], marts: Mapping[str, str] = MappingProxyType({})
) -> dict[str, tuple[plan.Due, ...]]:
    """By when the shared jobs are due with other deadlines of domains, and own ones of marts."""
    contracts = load_contracts(ROOT / "contracts")
    moved = [replace(one, deadline=domains.get(one.domain, one.deadline)) for one in contracts]
    own = [replace(mart, deadline=marts.get(mart.name)) for mart in MARTS]
    return {job.dag_id: job.due for job in plan.plan_jobs(Contracts(tuple(moved)), own)}


def test_each_mart_is_due_with_the_last_domain_that_it_reads() -> None:
    """Customers come from orders alone, product days and categories from products too, store days from all."""
    due = due_by({"erp": "05:00", "products": "05:30", "web": "07:00", "crm": "04:00"})
    wanted = (
        plan.Due("fct_customer_value", "05:00"),
        plan.Due("fct_daily_product_metrics, fct_weekly_category_metrics", "05:30"),
        plan.Due("fct_daily_store_metrics", "07:00"),
    )
    assert due["transform_marts"] == due["publish_marts"] == wanted
    assert due["maintain_lakehouse"] == (plan.Due("lakehouse", "07:00"),)


def test_a_mart_with_a_deadline_of_its_own_is_due_then_whatever_it_reads() -> None:
    due = due_by({}, {"fct_customer_value": "09:15"})["publish_marts"]
    others = "fct_daily_product_metrics, fct_daily_store_metrics, fct_weekly_category_metrics"
    assert due == (plan.Due(others, "06:00"), plan.Due("fct_customer_value", "09:15"))


def test_a_mart_on_a_mart_is_due_with_it() -> None:
    (below,) = [replace(mart, deadline="08:00") for mart in MARTS if mart.name == "fct_customer_value"]
    above = Mart("fct_above", "above.sql", (), (below.full_name,), {below.full_name: Reach(None)})
    assert mart_deadlines(load_contracts(ROOT / "contracts"), (below, above))["fct_above"] == "08:00"


@pytest.mark.parametrize(("own", "lines"), [("05:59", 1), ("06:00", 0), ("23:00", 0), (None, 0)])
def test_a_mart_that_is_due_before_what_it_reads_is_told(own: str | None, lines: int) -> None:
    early = list(early_marts(load_contracts(ROOT / "contracts"), [replace(MARTS[0], deadline=own)]))
    assert len(early) == lines
    assert all("fct_customer_value.meta.deadline: 05:59 is before 06:00, when erp is due" in line for line in early)


def test_the_fact_reads_what_its_model_refers_to() -> None:
    (fact,) = [mart for mart in MARTS if mart.name == FACT]
    assert {name.split(".")[1] for name in fact.reads} == set(FACT_SOURCES)


def test_each_mart_is_written_by_the_job_and_started_by_what_the_marts_read() -> None:
    jobs = {job.dag_id: job for job in plan.plan_jobs(load_contracts(ROOT / "contracts"), MARTS)}
    names = [f"marts/{name}" for name in sorted(mart.name for mart in MARTS)]
    assert len(names) == 4
    assert list(jobs["transform_marts"].writes) == list(jobs["publish_marts"].reads) == names
    assert set(jobs["transform_marts"].reads) == {name.replace(".", "/") for mart in MARTS for name in mart.reads}
    assert jobs["transform_marts"].has_parts
    assert not jobs["publish_marts"].has_parts


def test_a_domain_that_takes_a_name_of_ours_is_refused() -> None:
    first, *others = load_contracts(ROOT / "contracts")
    with pytest.raises(plan.DuplicateJobError, match="publish_marts, transform_marts; give the contract's domain"):
        plan.plan_jobs(Contracts((replace(first, domain="marts"), *others)), MARTS)


def test_contracts_lie_beside_or_above_the_dags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contracts = module("contracts")
    monkeypatch.delenv("LAKEHOUSE_CONTRACTS", raising=False)
    above, beside = tmp_path / "contracts", tmp_path / "dags/contracts"
    with pytest.raises(contracts.FolderNotFoundError, match="name it in LAKEHOUSE_CONTRACTS"):
        contracts.find_contracts(tmp_path / "dags")
    above.mkdir()
    assert contracts.find_contracts(tmp_path / "dags") == above
    beside.mkdir(parents=True)
    assert contracts.find_contracts(tmp_path / "dags") == beside
    monkeypatch.setenv("LAKEHOUSE_CONTRACTS", str(above))
    assert contracts.find_contracts(tmp_path / "dags") == above


def test_a_wrong_folder_in_the_environment_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contracts = module("contracts")
    monkeypatch.setenv("LAKEHOUSE_CONTRACTS", str(tmp_path / "none"))
    with pytest.raises(contracts.FolderNotFoundError, match=r"There is no folder .*none"):
        contracts.find_contracts()


def test_names_that_others_need_too() -> None:
    contracts = load_contracts(ROOT / "contracts")
    jobs = {job.dag_id: job for job in plan.plan_jobs(contracts, MARTS)}
    crawlers = {job.crawler for job in jobs.values()} - {None}
    assert crawlers == {f"landing_{domain}" for domain in contracts.domains} >= {"landing_crm", "landing_erp"}
    writers = {name for name, job in jobs.items() if job.pool == "marts_writers"}
    assert writers == {"transform_marts", "maintain_lakehouse"}
