"""`lakehouse status`: how the lake stands on one screen, the worst first, each line with the command that goes on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakehouse.cli.app import RUN, command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, LakePath, RawRoot, commands_on, domain_names
from lakehouse.cli.printing import print_line, print_table

if TYPE_CHECKING:
    from lakehouse.cycle.deadlines import MartFacts
    from lakehouse.cycle.status import DomainFacts, LakeStatus
    from lakehouse.cycle.status_facts import DatasetFacts

app = new_app()

_LONGEST = 100


@command(app, "status", example="lakehouse status erp", panel=RUN)
def status(
    domain: Annotated[
        str | None,
        typer.Argument(metavar="DOMAIN", help="Only this domain.", autocompletion=domain_names),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    lake: LakePath = DEFAULT_LAKE,
    raw_root: RawRoot = None,
) -> int:
    """Show how the lake stands: what needs somebody, the worst first, and a line per dataset, domain and mart.

    Exit code 3: something needs manual action; 75: another run completes what is pending, late or died; 0: neither.
    """
    from datetime import UTC

    from lakehouse.contracts.contract import Contracts
    from lakehouse.contracts.mart_deadlines import project_promises
    from lakehouse.contracts.project import find_project
    from lakehouse.cycle.status import status_of
    from lakehouse.lake.paths import Lake

    project = find_project()
    contracts, promises = project.contracts, project_promises(project)
    if domain is not None:
        contracts = Contracts((contracts.of(domain),))
        promises = tuple(promise for promise in promises if domain in promise.domains)
    found = status_of(Lake.at(lake, raw_root), contracts, commands_on(lake), datetime.now(UTC), promises)
    if as_json:
        _print_json(found)
    else:
        _print(found)
    return found.exit_code


def _print(found: LakeStatus) -> None:
    if found.findings:
        rows = [(f.level.label, f.subject, _short(f.found), _time(f.since), f.command) for f in found.findings]
        print_table(("who", "what", "found", "since (UTC)", "command"), rows)
    else:
        print_line("Nothing is pending, late, stopped or open.")
    columns = ("dataset", "last delivery", "silver", "published", "open rows", "ties corrected", "layout")
    print_table(columns, [_dataset_line(facts) for facts in found.datasets])
    heads = ("domain", "deadline", "state", "published at", "cost of 24 h, $", "of this month, $", "budget, $")
    print_table(heads, [_domain_line(facts) for facts in found.domains])
    if found.marts:
        print_table(("mart", "deadline", "state", "published at"), [_mart_line(facts) for facts in found.marts])


def _short(text: str) -> str:
    """As much of a text as leaves room on the screen; --json has all of it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…"


def _domain_line(facts: DomainFacts) -> tuple[object, ...]:
    budget = facts.contract.budget.month
    costs = f"{facts.cost_day:.2f}", f"{facts.cost_month:.2f}", None if budget is None else f"{budget:.2f}"
    due = f"{facts.contract.deadline} UTC"
    return facts.contract.domain, due, facts.deadline.state, _time(facts.deadline.done), *costs


def _mart_line(facts: MartFacts) -> tuple[object, ...]:
    return facts.promise.name, f"{facts.promise.due_by} UTC", facts.deadline.state, _time(facts.deadline.done)


def _dataset_line(facts: DatasetFacts) -> tuple[object, ...]:
    layout = f"{facts.read_amplification:.2f} of {facts.dataset.max_read_amplification:g}"
    silver, published = (None if version < 0 else version for version in (facts.silver, facts.published))
    last = _time(facts.last_delivery)
    return facts.dataset.name, last, silver, published, facts.open_rows, facts.ties_corrected, layout


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _print_json(found: LakeStatus) -> None:
    import json

    whole: dict[str, Any] = {
        "at": found.at,
        "exit_code": found.exit_code,
        "findings": [{**vars(finding), "level": finding.level.label} for finding in found.findings],
        "datasets": [
            {**vars(facts), "dataset": facts.dataset.name, "domain": facts.dataset.domain,
             **{name: [vars(one) for one in getattr(facts, name)] for name in ("waiting", "stopped", "refused")}}
            for facts in found.datasets
        ],
        "domains": [
            {"domain": one.contract.domain, "deadline": vars(one.deadline), "cost_day": one.cost_day,
             "cost_month": one.cost_month, "budget_month": one.contract.budget.month}
            for one in found.domains
        ],
        "marts": [
            {"mart": one.promise.name, "due_by": one.promise.due_by, "deadline": vars(one.deadline)}
            for one in found.marts
        ],
    }  # fmt: skip
    for line in json.dumps(whole, indent=1, default=lambda value: value.isoformat()).split("\n"):
        print_line(line)
