"""The charts of the site, each from rows of a ledger; None where there is nothing to draw."""

from __future__ import annotations

from collections import defaultdict
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
    stopped = [row["rows_landed"] if row["status"] == STOPPED else 0 for row in results]
    layers = [
        Layer(mark, [0 if row["status"] == STOPPED else row[column] for row in results], name)
        for column, (mark, name) in OUTCOMES.items()
    ]
    said = f"Rows of the last {len(results)} batches; the table below has the numbers"
    return columns(said, names, [Layer("ignored", stopped, "stopped"), *layers], brief)


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
    by_day: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys([*OUTCOMES, STOPPED], 0))
    for results in facts.results.values():
        for row in results.values():
            day = by_day[f"{row['recorded_at']:%m-%d}"]
            if row["status"] == STOPPED:
                day[STOPPED] += row["rows_landed"]
                continue
            for column in OUTCOMES:
                day[column] += row[column]
    if not by_day:
        return None
    days = sorted(by_day)[-30:]
    layers = [Layer("ignored", [by_day[day][STOPPED] for day in days], "stopped")]
    layers += [Layer(mark, [by_day[day][column] for day in days], name) for column, (mark, name) in OUTCOMES.items()]
    return columns(f"Rows by day of their validation, {days[0]} to {days[-1]}", days, layers, brief)


def versions_chart(versions: Sequence[Mapping[str, Any]]) -> Markup | None:
    """The rows of the last published versions of a table."""
    if not versions:
        return None
    names = [f"v{row['version']}" for row in versions]
    layer = Layer("gold", [row["row_count"] for row in versions], "rows")
    return columns(f"Rows of the last {len(versions)} published versions", names, [layer], brief)
