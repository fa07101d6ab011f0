"""`lakehouse cost`: what runs cost, by domain, table, step or run; and what the contracts will cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer

from lakehouse.cli.app import RUN, command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, LakePath
from lakehouse.cli.printing import print_line, print_table
from lakehouse.errors import UsageError

app = new_app()

_COLUMNS = {
    "domain": ("domain",),
    "table": ("domain", "table_name"),
    "step": ("step",),
    "run": ("run_id", "attempt_id"),
}
_NAMES = {"table_name": "table", "run_id": "run", "attempt_id": "attempt"}


@command(app, "cost", example="lakehouse cost --since 2026-10-01 --until 2026-10-31", panel=RUN)
def cost(
    by: Annotated[
        Literal["domain", "table", "step", "run"], typer.Option("--by", help="What costs are added up by.")
    ] = "domain",
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="From this day on, UTC (default: the first of this month).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Up to this day and with it, UTC (default: today).")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Estimate a month from the contracts' schedules and volumes instead.")
    ] = False,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Show what runs cost by the price list, from ops.steps.

    Only runs on Glue cost by it; their DPU seconds are those of Spark's workers. --plan needs no lake.
    """
    if plan:
        _print_plan()
        return
    from lakehouse.lake.paths import Lake
    from lakehouse.lake.run_costs import costs_since

    now = datetime.now(UTC)
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) if since is None else _day(since, "--since")
    end = None if until is None else _day(until, "--until") + timedelta(days=1)
    if end is not None and end <= start:
        raise UsageError(f"--until is '{until}', before the first day, {start:%Y-%m-%d}; give a later one.")
    names = _COLUMNS[by]
    costs = costs_since(Lake.at(lake), start, names, end)
    rows = [
        (*one.group, one.runs, f"{one.seconds:.1f}", f"{one.dpu_seconds:.1f}", f"{one.cost_usd:.4f}") for one in costs
    ]
    print_table((*(_NAMES.get(name, name) for name in names), "runs", "seconds", "DPU seconds", "cost, $"), rows)
    total = sum(one.cost_usd for one in costs)
    span = f"since {start:%Y-%m-%d}" if until is None else f"from {start:%Y-%m-%d} to {until}"
    print_line(f"{total:.4f} $ {span}, by the prices of the day of each run")
    if by == "domain":
        _print_budgets({str(one.group[0]): one.cost_usd for one in costs}, since is None and until is None)


def _print_budgets(costs: dict[str, float], is_month: bool) -> None:
    """How much of each domain's budget is used, where costs are those of this month."""
    from lakehouse.contracts.project import find_project

    for contract in find_project().contracts:
        budget = contract.budget.month
        if budget is not None and is_month:
            share = costs.get(contract.domain, 0.0) / budget
            print_line(f"{contract.domain}: {share:.0%} of the month's budget of {budget:.2f} $")


def _print_plan() -> None:
    from lakehouse.contracts.cost_plan import plan_costs
    from lakehouse.contracts.prices import price_list
    from lakehouse.contracts.project import find_project

    prices, contracts = price_list(), find_project().contracts
    shares = plan_costs(contracts, prices)
    budgets = {contract.domain: contract.budget.month for contract in contracts}
    rows = [
        (
            one.name, f"{one.runs_a_day:g}", None if one.gb_a_day is None else f"{one.gb_a_day:g}",
            *(f"{amount:.2f}" for amount in (one.glue, one.crawlers, one.storage, one.total)),
            None if budgets.get(one.name) is None else f"{budgets[one.name]:.2f}",
        )
        for one in shares
    ]  # fmt: skip
    heads = ("domain", "runs a day", "GB a day", "Glue jobs, $", "crawlers, $", "S3, $", "a month, $", "budget, $")
    print_table(heads, rows)
    total = sum(one.total for one in shares)
    print_line(f"{total:.2f} $ a month by the list prices of {prices.region}, entered {prices.entered}")
    print_line("without what an account costs at rest (MWAA, network, keys) and what Athena reads: docs/cloud.md")
    silent = [one.name for one in shares if one.gb_a_day is None and one.name in contracts.domains]
    if silent:
        print_line(f"without data of {', '.join(silent)}: the contract has no volume")


def _day(text: str, option: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"{option} is '{text}'; expected a day such as 2026-11-01.") from None
