"""The report of a full run: one HTML page that opens offline and needs only the run's summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import quote

from lakehouse.contracts.marts import FACT
from lakehouse.cycle.summary import DatasetCount, RuleCount, RunSummary, net_revenue
from lakehouse.lake.files import write_text
from lakehouse.say import format_count, format_money, format_seconds
from lakehouse.site.charts import brief
from lakehouse.site.render import render as render_template
from lakehouse.site.report_fact import fact_view, percent
from lakehouse.site.report_flow import OUTCOMES, flow, writes

ON_FAILURE = {"quarantine": "quarantines the row", "fail": "stops the batch", "warn": "warns"}
COUNTS = ("landed", *OUTCOMES, "inserted", "updated", "deleted")


@dataclass(frozen=True)
class Headline:
    """How the run ended: in a word, its colour, and a sentence."""

    state: str
    mark: str
    sentence: str


@dataclass(frozen=True)
class Suite:
    """What the rules of a dataset found, those that were broken first."""

    dataset: str
    count: DatasetCount | None
    broken: tuple[RuleCount, ...]
    passed: tuple[RuleCount, ...]


def write(summary: RunSummary, path: str, above: str = "") -> None:
    """Write the report of this run to a path, on a disk or on S3; above: from there to the root of the lake."""
    write_text(path, render(summary, above), "text/html; charset=utf-8")


def render(summary: RunSummary, above: str = "") -> str:
    """The report of this run as one self-contained HTML page."""
    slowest = max(summary.steps, key=lambda step: step.seconds, default=None)
    moment = summary.started_at.astimezone(UTC) if summary.started_at.tzinfo else summary.started_at
    return render_template(
        "report.html",
        summary=summary,
        headline=_headline(summary),
        started=f"{moment.day} {moment:%b %Y, %H:%M} UTC",
        outcomes=OUTCOMES,
        shown=[name for name in OUTCOMES if name != "held" or summary.total.held],
        numbers=_numbers(summary),
        drawing=flow(summary),
        counts=COUNTS,
        writes=writes,
        suites=_suites(summary),
        scale=max(0.05, *map(_share, summary.rules)) if summary.rules else 1,  # one for all, so that bars compare
        share=_share,
        on_failure=ON_FAILURE,
        fact=fact_view(summary),
        fact_name=FACT,
        percent=percent,
        brief=brief,
        time_lead=f"{format_seconds(summary.seconds)} in total{f'; {slowest.name} took longest' if slowest else ''}.",
        longest=slowest.seconds if slowest else 0,
        href=lambda path: above + quote(path, safe="/._-~#?=&"),  # can only lead below this page's own folder
    )


def _headline(summary: RunSummary) -> Headline:
    names = sorted({problem.domain for problem in summary.problems})
    landed = summary.total.landed
    if names:
        listed = f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
        return Headline("Failed", "bad", f"{listed} failed{_continued(summary, names)}")
    if not landed:
        return Headline("Nothing new", "quiet", "No new rows")
    return Headline("Done", "ok", f"{format_count(landed, 'row')} landed, every one accounted for")


def _continued(summary: RunSummary, failed: Sequence[str]) -> str:
    """The domains that were not affected; empty if something other than a domain failed."""
    domains = {count.domain for count in summary.datasets}
    others = sorted(domains - set(failed))
    if not others or not set(failed) <= domains:
        return ""
    return f"; {others[0]} continued" if len(others) == 1 else f"; the other {len(others)} domains continued"


def _numbers(summary: RunSummary) -> dict[str, str]:
    """The tiles under the sum of rows."""
    stores, days = {day.store_id for day in summary.fact}, {day.dt for day in summary.fact}
    numbers = {"rows in the fact": f"{summary.fact_rows:,}"}
    if summary.fact:
        for noun, found in (("store", len(stores)), ("day", len(days))):
            numbers[noun if found == 1 else f"{noun}s"] = f"{found:,}"
        numbers["net revenue"] = format_money(net_revenue(summary.fact))
    return numbers | {"from start to end": format_seconds(summary.seconds)}


def _suites(summary: RunSummary) -> list[Suite]:
    counts = {count.dataset: count for count in summary.datasets}
    by_dataset: dict[str, list[RuleCount]] = {name: [] for name in counts}
    for rule in summary.rules:
        by_dataset.setdefault(rule.dataset, []).append(rule)
    if not summary.rules:
        return []
    return [
        Suite(
            name,
            counts.get(name),
            tuple(sorted((rule for rule in rules if rule.failed), key=lambda rule: -rule.failed)),
            tuple(rule for rule in rules if not rule.failed),
        )
        for name, rules in by_dataset.items()
    ]


def _share(rule: RuleCount) -> float:
    return rule.failed / rule.seen if rule.seen else 0.0
