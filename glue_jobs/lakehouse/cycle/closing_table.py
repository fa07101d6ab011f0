"""The table at the end of a run: rows per dataset, the fact, seconds per step, links, and failures last."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse.contracts.marts import FACT
from lakehouse.cycle.display import PIPED_WIDTH, STYLES, is_live, one_line
from lakehouse.cycle.summary import DatasetCount, RunSummary, StepTime, net_revenue
from lakehouse.lake.paths import SITE_PAGE
from lakehouse.say import format_count, format_money, format_seconds

EXAMPLE = f"select dt, store_id, orders, net_revenue from {FACT} limit 10"


def print_summary(summary: RunSummary, console: Console) -> None:
    """Print the closing table, in colour if the terminal supports it."""
    out = console if is_live(console) else _plain(console)
    out.print(_counts(summary) if summary.total.landed else Text("\n no new rows"))
    out.print(_fact_line(summary), soft_wrap=True)
    if summary.steps:
        out.print(_times(summary))
    out.print(Text(f" total {format_seconds(summary.seconds)}", style="bold"))
    for warning in summary.warnings:
        out.print(Text(f" warning  {one_line(warning)}", style="yellow"), soft_wrap=True)
    out.print("", *_where_to_look(summary), sep="\n", soft_wrap=True)
    if summary.problems:
        out.print()
    for problem in summary.problems:
        out.print(
            Text(f"failed  {one_line(problem.domain)}: {one_line(problem.message)}", style="red"),
            soft_wrap=True,
        )


def _plain(console: Console) -> Console:
    width = console.width if console.is_terminal else max(console.width, PIPED_WIDTH)
    return Console(file=console.file, force_terminal=False, color_system=None, highlight=False, width=width)


def _table(first: str, *names: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column(first, overflow="fold")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _counts(summary: RunSummary) -> Table:
    total = summary.total
    names = ["landed", "quarantined", "ignored", *(["held"] if total.held else []), "merged"]
    table = _table("dataset", *names)
    for count in summary.datasets:
        _add_count(table, count, names)
    if len(summary.datasets) > 1:
        table.add_section()
        _add_count(table, total, names)
    return table


def _add_count(table: Table, count: DatasetCount, names: Sequence[str]) -> None:
    cells = (Text(f"{getattr(count, name):,}", style=_style(name, count)) for name in names)
    table.add_row(Text(one_line(count.dataset)), *cells)


def _style(name: str, count: DatasetCount) -> str:
    """Numbers that need attention are coloured, zeros are dimmed."""
    if not getattr(count, name):
        return "dim"
    return {"quarantined": "yellow", "held": "red"}.get(name, "")


def _fact_line(summary: RunSummary) -> Text:
    parts: list[str | tuple[str, str]] = [
        f" {FACT}  ",
        (format_count(summary.fact_rows, "row"), "bold"),
    ]
    if summary.fact:
        days, stores = {day.dt for day in summary.fact}, {day.store_id for day in summary.fact}
        parts.append(f", {format_count(len(days), 'day')}, {format_count(len(stores), 'store')}, net revenue ")
        parts.append((format_money(net_revenue(summary.fact)), "bold"))
    return Text.assemble(*parts)


def _times(summary: RunSummary) -> Table:
    """Seconds as a grid: a row per domain, a column per step."""
    names = [step.name.partition("_") for step in summary.steps]
    kinds, domains = (list(dict.fromkeys(part)) for part in ([n[0] for n in names], [n[2] for n in names]))
    cells = {name: _cell(step) for name, step in zip(names, summary.steps, strict=True)}
    table = _table("seconds", *kinds)
    for domain in domains:
        row = (next((c for (k, _, d), c in cells.items() if (k, d) == (kind, domain)), Text("")) for kind in kinds)
        table.add_row(Text(one_line(domain)), *row)
    return table


def _cell(step: StepTime) -> Text:
    text = {"failed": f"failed {step.seconds:.1f}", "skipped": "skipped"}
    style = "" if step.state == "done" else STYLES[step.state]
    return Text(text.get(step.state, f"{step.seconds:.1f}"), style=style)


def _where_to_look(summary: RunSummary) -> list[Text]:
    lake = summary.lake.rstrip("/")
    pages = [
        ("report", f"{lake}/report.html"),
        ("site", f"{lake}/{SITE_PAGE}"),
        *((link.title, f"{lake}/{link.path}") for link in summary.links),
    ]
    is_default = Path(lake) == Path("local_output").resolve() or lake in ("local_output", "./local_output")
    named = "" if is_default else f" --lake {shlex.quote(lake)}"
    places = [*pages, ("query", f'lakehouse query{named} "{EXAMPLE}"')]
    width = max(len(title) for title, _ in places)
    return [Text.assemble((f" {one_line(title):<{width}}  ", "dim"), one_line(place)) for title, place in places]
