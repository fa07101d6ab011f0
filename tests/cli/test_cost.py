"""`lakehouse cost`: what runs cost, added up, and what the contracts will cost; both recomputed by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts import project as project_module
from lakehouse.contracts.budget import Budget
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.cost_plan import all_runs, plan_costs
from lakehouse.contracts.findings import Commands
from lakehouse.contracts.prices import price_list
from lakehouse.contracts.project import Project
from lakehouse.cycle.status import status_of
from lakehouse.lake.paths import Lake
from lakehouse.lake.run_costs import costs_since
from tests.helpers.seeded_ledgers import NOON, stepped

DAY = timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Two runs of erp and one of crm; the entry of the orders was written twice."""
    lake = Lake.at(str(tmp_path / "lake"))
    orders = {"attempt_id": "a1", "job": "ingest_erp", "step": "ingest", "domain": "erp", "table_name": "erp_orders"}
    for _ in range(2):
        stepped(lake, **orders, seconds=180, dpu_seconds=390.0, cost_usd=0.03)
    stepped(lake, **orders | {"table_name": None}, seconds=60, dpu_seconds=130.0, cost_usd=0.01)
    stepped(lake, **orders | {"attempt_id": "a2"}, seconds=60, dpu_seconds=120.0, cost_usd=0.02)
    leads = {"attempt_id": "c1", "job": "ingest_crm", "step": "ingest", "domain": "crm", "table_name": "crm_leads"}
    stepped(lake, **leads, seconds=60, dpu_seconds=120.0, cost_usd=0.05, recorded_at=NOON - DAY)
    return lake


@pytest.mark.parametrize(
    ("by", "since", "wanted"),
    [
        (("domain",), NOON - 2 * DAY, {("erp",): (2, 0.06), ("crm",): (1, 0.05)}),
        (("domain",), NOON, {("erp",): (2, 0.06)}),
        (
            ("domain", "table_name"),
            NOON - 2 * DAY,
            {("erp", "erp_orders"): (2, 0.05), ("crm", "crm_leads"): (1, 0.05), ("erp", None): (1, 0.01)},
        ),
        (("run_id", "attempt_id"), NOON, {("r", "a1"): (1, 0.04), ("r", "a2"): (1, 0.02)}),
        (("step",), NOON + DAY, {}),
    ],
)
def test_costs_add_up_and_an_entry_counts_once(
    lake: Lake, by: tuple[str, ...], since: datetime, wanted: dict[tuple[str | None, ...], tuple[int, float]]
) -> None:
    found = costs_since(lake, since, by)
    assert {cost.group: (cost.runs, round(cost.cost_usd, 6)) for cost in found} == wanted
    assert [cost.cost_usd for cost in found] == sorted((cost.cost_usd for cost in found), reverse=True)


def test_a_lake_without_runs_costs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert costs_since(Lake.at(str(tmp_path)), NOON, ("domain",)) == []
    assert main(["cost", "--lake", str(tmp_path), "--since", "2026-11-01"]) == 0
    assert "0.0000 $ since 2026-11-01" in capsys.readouterr().out


def test_the_command(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--by", "table", "--since", "2026-11-01", "--lake", lake.root]) == 0
    out = capsys.readouterr().out
    assert [line.split()[1:-1] for line in out.splitlines() if "erp_orders" in line] == [
        ["erp", "|", "erp_orders", "|", "2", "|", "240.0", "|", "510.0", "|", "0.0500"]
    ]
    assert "0.1100 $ since 2026-11-01" in out
    assert main(["cost", "--since", "yesterday", "--lake", lake.root]) == 2
    assert "expected a day such as 2026-11-01" in capsys.readouterr().err


def test_the_last_day_counts_whole_and_no_day_after_it(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    noon, day_before = f"{NOON:%Y-%m-%d}", f"{NOON - DAY:%Y-%m-%d}"  # crm ran the day before, erp at noon
    for last, total in ((noon, "0.1100"), (day_before, "0.0500")):
        assert main(["cost", "--since", "2026-11-01", "--until", last, "--lake", lake.root]) == 0
        assert f"{total} $ from 2026-11-01 to {last}" in capsys.readouterr().out
    assert main(["cost", "--since", noon, "--until", day_before, "--lake", lake.root]) == 2
    assert f"--until is '{day_before}', before the first day, {noon}" in capsys.readouterr().err
    assert main(["cost", "--until", "yesterday", "--lake", lake.root]) == 2
    assert "--until is 'yesterday'; expected a day" in capsys.readouterr().err


def test_costs_are_compared_with_the_budget_where_they_are_those_of_this_month(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = Lake.at(str(tmp_path))
    erp = replace(project.contracts.of("erp"), budget=Budget(month=0.04))
    monkeypatch.setattr(project_module, "find_project", lambda: SimpleNamespace(contracts=Contracts((erp,))))
    stepped(lake, domain="erp", cost_usd=0.01, recorded_at=datetime.now(UTC))
    assert main(["cost", "--lake", lake.root]) == 0
    assert "erp: 25% of the month's budget of 0.04 $" in capsys.readouterr().out
    assert main(["cost", "--since", "2026-11-01", "--lake", lake.root]) == 0
    assert "budget" not in capsys.readouterr().out


def test_the_plan_by_hand(project: Project) -> None:
    """erp delivers 2 GB a night at 03:00, web 5 GB each hour."""
    deliveries = {"erp": 2.0, "web": 5.0}
    contracts = Contracts(
        tuple(replace(project.contracts.of(name), delivery_gb=size) for name, size in deliveries.items())
    )
    prices = price_list()
    assert (prices.prices["glue_dpu_hour"], prices.prices["crawler_dpu_hour"]) == (0.308, 0.44)
    erp, web, shared = plan_costs(contracts, prices)
    run = 2 * 2 / 60 * 0.308  # two DPUs for two minutes
    print(f"a small run: {run:.6f} $; erp: 4 x 30 x {run:.6f} + 2 x 30 / 20 x 0.308 = {erp.glue:.2f} $")
    assert (erp.runs_a_day, erp.gb_a_day, web.runs_a_day, web.gb_a_day) == (4, 2.0, 96, 120.0)
    assert erp.glue == pytest.approx(4 * 30 * run + 2 * 30 / 20 * 0.308)
    assert web.glue == pytest.approx(96 * 30 * run + 120 * 30 / 20 * 0.308)
    assert erp.crawlers == pytest.approx(30 * 2 * 10 / 60 * 0.44)
    assert erp.storage == pytest.approx(2 * 30 * 3 * 0.023)
    assert (shared.runs_a_day, shared.glue) == (2 * 24 + 1, pytest.approx(49 * 30 * run))
    assert erp.total == pytest.approx(erp.glue + erp.crawlers + erp.storage)


def test_the_plan_and_the_page_about_the_cloud_say_the_same(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cost", "--plan"]) == 0
    page = (project.root / "docs/cloud.md").read_text(encoding="utf-8")
    shares = plan_costs(project.contracts, price_list())
    assert sum(share.runs_a_day for share in shares) == all_runs(project.contracts)
    assert f"Glue jobs, {all_runs(project.contracts):g} runs a day" in page
    assert f"{sum(share.total for share in shares):.2f} $ a month" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("budget", "found"),
    [
        (Budget(), []),
        (Budget(month=0.07, run=0.05), []),
        (
            Budget(month=0.05, run=0.03),
            [("a run of the last 24 hours cost 0.04 $, budget of a run 0.03 $", "lakehouse cost --by run"),
             ("runs of this month cost 0.06 $, budget 0.05 $", "lakehouse cost --by table")],
        ),
    ],
)  # fmt: skip
def test_a_passed_budget_is_found(lake: Lake, project: Project, budget: Budget, found: list[tuple[str, str]]) -> None:
    contracts = Contracts((replace(project.contracts.of("erp"), budget=budget),))
    status = status_of(lake, contracts, Commands("lake", is_default=True), datetime(2026, 11, 20, 13, tzinfo=UTC))
    assert [(one.found, one.command) for one in status.findings if "budget" in one.found] == found
    assert status.exit_code == 0
