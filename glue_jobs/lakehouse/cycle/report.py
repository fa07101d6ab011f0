"""The report of a run: one HTML page that opens offline and needs only the run's summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from importlib import resources
from string import Template
from urllib.parse import quote

from lakehouse.cycle.report_charts import OUTCOMES, bar, stack
from lakehouse.cycle.report_fact import fact_section
from lakehouse.cycle.report_flow import flow
from lakehouse.cycle.report_markup import Html, el, folded, heads, join, name_cell, number, table
from lakehouse.cycle.summary import DatasetCount, RuleCount, RunSummary, net_revenue
from lakehouse.lake.files import write_text
from lakehouse.say import format_count, format_money, format_seconds

ON_FAILURE = {"quarantine": "quarantines the row", "fail": "stops the batch", "warn": "warns"}


def write(summary: RunSummary, path: str) -> None:
    """Write the report of this run to a path, on a disk or on S3."""
    write_text(path, render(summary), "text/html; charset=utf-8")


def render(summary: RunSummary) -> str:
    """The report of this run as one self-contained HTML page."""
    template = resources.files("lakehouse.cycle").joinpath("report_template.html").read_text(encoding="utf-8")
    slowest = max(summary.steps, key=lambda step: step.seconds, default=None)
    longest = f"; {slowest.name} took longest" if slowest else ""
    return Template(template).substitute(
        title=el("", f"Retail lakehouse, run {summary.run_id}"),
        headline=_headline(summary),
        accounting=_accounting(summary),
        flow=flow(summary),
        quality=_quality(summary),
        fact=fact_section(summary),
        time_lead=el("", f"{format_seconds(summary.seconds)} in total{longest}."),
        steps=_steps(summary),
        links=_links(summary),
        footer=el("", f"Run {summary.run_id}. This page needs no network."),
    )


def _headline(summary: RunSummary) -> Html:
    names = sorted({problem.domain for problem in summary.problems})
    landed = summary.total.landed
    if names:
        state, mark = "Failed", "bad"
        listed = f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
        first = f"{listed} failed{_continued(summary, names)}"
    elif not landed:
        state, mark, first = "Nothing new", "quiet", "No new rows"
    else:
        state, mark, first = "Done", "ok", f"{format_count(landed, 'row')} landed, every one accounted for"
    reasons = join(el("li", el("b", each.domain), each.message) for each in summary.problems)
    started = summary.started_at
    moment = started.astimezone(UTC) if started.tzinfo else started
    about = {
        "run": summary.run_id,
        "started": f"{moment.day} {moment:%b %Y, %H:%M} UTC",
        "delivery": summary.delivery,
        "lake": summary.lake,
    }
    facts = join(el("div", el("dt", key), el("dd", value)) for key, value in about.items())
    warnings = join(el("li", warning) for warning in summary.warnings)
    return join(
        [
            el("p", state, class_=f"state {mark}"),
            el("h1", first),
            el("ul", reasons, class_="problems") if reasons else Html(),
            el("dl", facts, class_="about"),
            el("ul", warnings, class_="warnings", aria_label="Warnings") if warnings else Html(),
        ]
    )


def _continued(summary: RunSummary, failed: Sequence[str]) -> str:
    """The domains that were not affected; empty if something other than a domain failed."""
    domains = {count.domain for count in summary.datasets}
    others = sorted(domains - set(failed))
    if not others or not set(failed) <= domains:
        return ""
    return f"; {others[0]} continued" if len(others) == 1 else f"; the other {len(others)} domains continued"


def _accounting(summary: RunSummary) -> Html:
    total = summary.total
    shown = [name for name in OUTCOMES if name != "held" or total.held]
    terms = [el("div", el("b", f"{total.landed:,}"), el("span", "landed"))]
    for place, outcome in enumerate(shown):
        sign = "+" if place else "=" if total.balanced else "≠"
        rows = el("div", el("b", f"{getattr(total, outcome):,}"), el("span", outcome, class_=outcome))
        terms.append(el("div", el("i", sign), rows, class_="term"))
    stores, days = {day.store_id for day in summary.fact}, {day.dt for day in summary.fact}
    numbers = {"rows in the fact": f"{summary.fact_rows:,}"}
    if summary.fact:
        for noun, found in (("store", len(stores)), ("day", len(days))):
            numbers[noun if found == 1 else f"{noun}s"] = f"{found:,}"
        numbers["net revenue"] = format_money(net_revenue(summary.fact))
    numbers["from start to end"] = format_seconds(summary.seconds)
    tiles = join(el("div", el("dt", key), el("dd", value)) for key, value in numbers.items())
    return el("div", el("div", *terms, class_="sum"), stack(total), el("dl", tiles, class_="numbers"), class_="card")


def _quality(summary: RunSummary) -> Html:
    counts = {count.dataset: count for count in summary.datasets}
    by_dataset: dict[str, list[RuleCount]] = {name: [] for name in counts}
    for rule in summary.rules:
        by_dataset.setdefault(rule.dataset, []).append(rule)
    if not summary.rules:
        return el("div", el("p", "No batch was validated in this run.", class_="none"), class_="card")
    scale = max(0.05, *map(_share, summary.rules))  # one scale for all, so that bars compare between datasets
    return join(_suite(name, rules, counts.get(name), scale) for name, rules in by_dataset.items())


def _suite(dataset: str, rules: Sequence[RuleCount], count: DatasetCount | None, scale: float) -> Html:
    broken = sorted((rule for rule in rules if rule.failed), key=lambda rule: -rule.failed)
    passed = [rule for rule in rules if not rule.failed]
    heading = f"{format_count(len(rules), 'rule')}, {len(broken)} broken" if rules else "no batch validated"
    parts = [el("div", el("h3", dataset), el("span", heading, class_="soft"), class_="row")]
    if count and count.accounted:
        parts += [el("p", stack(count, "stack thin"), style="margin: 10px 0 12px")]
    if broken:
        parts.append(_rules(broken, scale))
    if passed:
        parts.append(folded(f"{format_count(len(passed), 'rule')} that every row passed", _rules(passed, scale)))
    return el("div", *parts, class_="card")


def _share(rule: RuleCount) -> float:
    return rule.failed / rule.seen if rule.seen else 0.0


def _rules(rules: Sequence[RuleCount], scale: float) -> Html:

    def cells(rule: RuleCount) -> list[Html]:
        effect = el("span", ON_FAILURE.get(rule.on_failure, rule.on_failure), class_="chip")
        name = el("th", rule.sentence, el("code", rule.rule), scope="row", class_="rule name")
        numbers = [number(f"{rule.seen:,}"), number(f"{rule.failed:,}"), number(f"{_share(rule):.2%}")]
        mark = "f-quarantined" if rule.on_failure != "fail" else "f-held"
        shown = el("td", bar(_share(rule), [scale], mark), class_="optional", style="width: 18%")
        return [name, el("td", effect, class_="optional"), *numbers, shown]

    head = heads("rule", "rows checked", "rows failed", "share")
    head.insert(1, el("th", "on failure", scope="col", class_="optional"))
    head.append(el("th", el("span", "share as a bar", class_="vh"), scope="col", class_="optional"))
    return table(head, [cells(rule) for rule in rules])


def _steps(summary: RunSummary) -> Html:
    marks = {"done": "f-new", "failed": "f-held"}
    values = [step.seconds for step in summary.steps]
    rows = [
        [
            name_cell(step.name),
            el("td", bar(step.seconds, values, marks.get(step.state, "f-ignored")), class_="wide"),
            number(format_seconds(step.seconds)),
            el(
                "td",
                el("span", step.state, class_=f"chip {step.state}") if step.state != "done" else "done",
                class_="n none",
            ),
        ]
        for step in summary.steps
    ]
    head = heads("step", "seconds", "state")
    head.insert(1, el("th", el("span", "seconds as a bar", class_="vh"), scope="col"))
    return el(
        "div",
        table(head, rows, class_="steps") if rows else el("p", "No step ran.", class_="none"),
        class_="card",
    )


def _links(summary: RunSummary) -> Html:
    """The links; a quoted path can only lead to this page's own folder, whatever it contains."""
    items = [el("li", el("a", link.title, href=quote(link.path, safe="/._-~#?=&"))) for link in summary.links]
    return el("ul", *items, class_="links") if items else el("p", "No pages were written.", class_="none")
