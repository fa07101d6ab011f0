"""The charts of the site, each from rows of a ledger; None where there is nothing to draw."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from lakehouse.site.charts import Layer, brief, columns
from lakehouse.site.facts import SiteFacts

DOMAINS = ("new", "merged", "gold", "bronze", "silver", "quarantined", "ignored")
"""Colours of domains in their order; those after the last share its colour."""
OUTCOMES = {"rows_unreadable": ("held", "unreadable"), "rows_quarantined": ("quarantined", "quarantined"),
            "rows_passed": ("merged", "passed")}  # fmt: skip
STOPPED = "stopped"


def batch_chart(results: Sequence[Mapping[str, Any]]) -> Markup | None:
    """The rows of each batch by what became of them; of a stopped batch all are held."""
    if not results:
        return None
    names = [f"batch {row['batch_id']}" for row in results]
    said = f"Rows of the last {len(results)} batches; the table below has the numbers"
    return columns(said, names, _layers([_outcomes(row) for row in results]), brief)


def _outcomes(result: Mapping[str, Any]) -> Counter[str]:
    """What became of the rows of a batch."""
    if result["status"] == STOPPED:
        return Counter({STOPPED: result["rows_landed"]})
    return Counter({column: result[column] for column in OUTCOMES})


def _layers(outcomes: Sequence[Counter[str]]) -> list[Layer]:
    """A layer for each outcome, with its rows in each of the columns."""
    shown = {STOPPED: ("ignored", "stopped"), **OUTCOMES}
    return [Layer(mark, [one[outcome] for one in outcomes], name) for outcome, (mark, name) in shown.items()]


def cost_chart(facts: SiteFacts) -> Markup | None:
    """What each day cost, by domain."""
    if not any(cost for _, _, cost in facts.daily):
        return None
    days = sorted({day for day, _, _ in facts.daily})
    cost = {(day, domain): amount for day, domain, amount in facts.daily}
    layers = [
        Layer(mark, [cost.get((day, domain), 0.0) for day in days], domain)
        for domain, mark in domain_marks(facts).items()
    ]
    said = f"US dollars by day and domain, {days[0]} to {days[-1]}; the table below has the sums"
    return columns(said, [day[5:] for day in days], layers, lambda value: f"${brief(value)}")


def domain_marks(facts: SiteFacts) -> dict[str, str]:
    """The colour of each domain that cost something."""
    names = sorted({domain for _, domain, cost in facts.daily if cost})
    return {name: DOMAINS[min(place, len(DOMAINS) - 1)] for place, name in enumerate(names)}


def rows_chart(facts: SiteFacts) -> Markup | None:
    """The delivered rows by day and outcome, of all datasets."""
    by_day: dict[str, Counter[str]] = defaultdict(Counter)
    for results in facts.results.values():
        for row in results.values():
            by_day[f"{row['recorded_at']:%m-%d}"].update(_outcomes(row))
    if not by_day:
        return None
    days = sorted(by_day)[-30:]
    said = f"Rows by day of their validation, {days[0]} to {days[-1]}"
    return columns(said, days, _layers([by_day[day] for day in days]), brief)


def versions_chart(versions: Sequence[Mapping[str, Any]]) -> Markup | None:
    """The rows of the last published versions of a table."""
    if not versions:
        return None
    names = [f"v{row['version']}" for row in versions]
    layer = Layer("gold", [row["row_count"] for row in versions], "rows")
    return columns(f"Rows of the last {len(versions)} published versions", names, [layer], brief)
