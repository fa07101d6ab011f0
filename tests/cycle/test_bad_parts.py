"""One bad part stops nobody else: a refused file, a stopped batch, an error of one dataset (cases B21 and its kind)."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.project import Project
from lakehouse.cycle.cycle import CycleResult
from lakehouse.errors import LakehouseError
from lakehouse.ingest import ingest
from lakehouse.runtime.context import Context
from lakehouse.transform import transform
from tests.helpers.lakes import FACT, rows, run

pytestmark = pytest.mark.deliveries

ORDERS = "order_id,line_number,store_id,customer_id,product_id,quantity,unit_price,discount_amount,status,ordered_at,updated_at,is_deleted\n"  # noqa: E501
PRODUCTS = "product_id,name,category,list_price,unit_cost,is_active,updated_at\n"


def order(number: int, quantity: object = 1) -> str:
    return f"SO-{number},1,S001,,P0040,{quantity},10.00,0.00,paid,2026-11-02T09:00:00Z,2026-11-02T10:00:00Z,false\n"


def product(number: int, category: str = "Toys", price: object = "30.00") -> str:
    return f"P{number},Thing,{category},{price},14.00,true,2026-11-03T08:00:00Z\n"


def deliver(context: Context, folder: Path, **files: str) -> CycleResult:
    """A full run over some CSV files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return run(context, folder)


def states(result: CycleResult, domain: str) -> dict[str, str]:
    return {step.name: step.state for step in result.summary.steps if step.name.endswith(f"_{domain}")}


def ask(context: Context, sql: str) -> list[tuple[object, ...]]:
    return rows(context.lake, context.contracts, sql)


def test_a_refused_file_lets_its_sibling_reach_the_mart_in_the_same_run(context: Context, tmp_path: Path) -> None:
    good = ORDERS + "".join(map(order, range(99010, 99030)))
    delivery = {"erp_orders_a": good, "erp_orders_b": good.replace("unit_price", "price").replace("SO-990", "SO-980")}
    result = deliver(context, tmp_path / "day1", **delivery)
    assert result.exit_code == 3
    (failure,) = result.summary.failures
    assert failure.domain == "erp"
    assert failure.message.startswith("erp_orders_b.csv: required column unit_price missing")
    assert states(result, "erp") == {
        "ingest_erp": "failed", "validate_erp": "done", "transform_erp": "done", "publish_erp": "done",
    }  # fmt: skip
    assert ask(context, "select count(*), min(order_id) from silver.erp_orders") == [(20, "SO-99010")]
    assert ask(context, f"select orders, net_revenue from marts.{FACT}") == [(20, 200)]
    (count,) = [count for count in result.summary.datasets if count.dataset == "erp_orders"]
    assert (count.landed, count.merged, count.held, count.balanced) == (40, 20, 20, True)
    again = run(context, tmp_path / "day1")
    assert again.exit_code == 3
    assert {step.state for step in again.summary.steps} == {"nothing new"}


def test_every_refused_file_is_named(context: Context, tmp_path: Path) -> None:
    bad = (ORDERS + order(1)).replace("unit_price", "price")
    result = deliver(context, tmp_path / "day1", erp_orders_a=bad, erp_orders_b=bad.replace("SO-1", "SO-2"))
    named = sorted(failure.message.split(":")[0] for failure in result.summary.failures)
    assert named == ["erp_orders_a.csv", "erp_orders_b.csv"]


def with_two_datasets(context: Context, project: Project) -> Context:
    """The orders and the products as two datasets of one domain."""
    contracts = context.contracts
    orders, products = contracts.dataset("erp_orders"), replace(contracts.dataset("products"), domain="erp")
    erp = replace(contracts.of("erp"), datasets=(orders, products))
    others = [contract for contract in contracts if contract.domain not in ("erp", "products")]
    changed = Project(project.root)
    changed.__dict__["contracts"] = Contracts((*others, erp))
    return replace(context, project=changed)


def test_a_stopped_dataset_lets_the_others_of_its_domain_go_on(
    context: Context, project: Project, tmp_path: Path
) -> None:
    both = with_two_datasets(context, project)
    stopped = ORDERS + order(1) + "".join(order(number, "none") for number in range(2, 6))
    result = deliver(both, tmp_path / "day1", erp_orders=stopped, products=PRODUCTS + product(1))
    assert result.exit_code == 3
    assert "batch 1 of erp_orders" in result.summary.failures[0].message
    assert states(result, "erp")["publish_erp"] == "done"
    assert ask(both, "select product_id from silver.products") == [("P1",)]


@pytest.mark.parametrize("step", ["ingest", "transform"])
def test_an_error_of_one_dataset_lets_the_others_go_on(
    context: Context, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    both = with_two_datasets(context, project)
    place, name = {"ingest": (ingest, "ingest_batch"), "transform": (transform, "_merge")}[step]
    done = getattr(place, name)

    def fails(context: Context, dataset: object, *others: object) -> object:
        if getattr(dataset, "name", "") == "erp_orders":
            raise LakehouseError("erp_orders: cannot be done.")
        return done(context, dataset, *others)

    monkeypatch.setattr(place, name, fails)
    result = deliver(both, tmp_path / "day1", erp_orders=ORDERS + order(1), products=PRODUCTS + product(1))
    assert (result.exit_code, [failure.message for failure in result.summary.failures]) == (
        3, ["erp_orders: cannot be done."],
    )  # fmt: skip
    assert ask(both, "select product_id from silver.products") == [("P1",)]


def test_an_unexpected_error_stops_its_domain(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "ingest_batch", lambda *_: 1 / 0)
    result = deliver(context, tmp_path / "day1", erp_orders=ORDERS + order(1))
    assert result.exit_code == 1
    assert set(states(result, "erp").values()) == {"failed", "skipped"}


@pytest.mark.parametrize(
    ("error", "words", "exit_code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full", 75),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "the JVM of Spark ended", 75),
        (PermissionError(errno.EACCES, "Permission denied", "/lake/x"), "/lake/x: no permission", 3),
    ],
)
def test_what_the_machine_refuses_is_one_line_beside_the_row_counts(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str, exit_code: int
) -> None:
    def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr(transform, "_merge", refused)
    result = deliver(context, tmp_path / "day1", erp_orders=ORDERS + order(1))
    (failure,) = result.summary.failures
    assert (failure.domain, failure.message.startswith(words), result.exit_code) == ("erp", True, exit_code)
    (count,) = [count for count in result.summary.datasets if count.dataset == "erp_orders"]
    assert (count.landed, count.held) == (1, 1)
