"""Prints how marts stand, and the way from silver over marts to views."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.cli.printing import print_line, print_table
from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.mart_deadlines import mart_deadlines
from lakehouse.contracts.mart_graph import DIRECT, WHOLE, Mart
from lakehouse.contracts.project import Project
from lakehouse.publish.element_views import project_views
from lakehouse.publish.views import resolve
from lakehouse.transform.mart_states import MartState


def print_marts(project: Project, states: Sequence[MartState]) -> None:
    """A line per mart, then the picture of the graph."""
    columns = ("mart", "grain", "pending", "last build", "recomputed", "rows changed", "seconds")
    print_table(columns, [_line(state) for state in states])
    for line in graph(project, [state.pending.mart for state in states]):
        print_line(line)


def _line(state: MartState) -> tuple[object, ...]:
    grain, waits = ", ".join(state.pending.mart.keys) or "(whole)", state.waits_for or "nothing"
    if state.last is None:
        return (state.name, grain, waits, None, None, None, None)
    done = (state.last.whole and f"whole: {state.last.whole}") or f"{state.last.keys} keys"
    at = f"{state.last.at:%Y-%m-%d %H:%M:%S}"
    return (state.name, grain, waits, at, done, state.last.rows_changed, state.last.seconds)


def print_mart(project: Project, state: MartState) -> None:
    """How each table that a mart reads reaches it, by when it is due, and how far the mart is."""
    mart, pending = state.pending.mart, state.pending
    print_line(f"{mart.name}: one row per {', '.join(mart.keys) or '(built whole)'}, from {mart.file}")
    rows = []
    for table in mart.reads:
        shown, now = pending.before.get(table), pending.versions[table]
        waits = "yes" if table in pending.changes or pending.whole else "no"
        rows.append((table, _reach(mart, table), "none" if shown is None else shown, now, waits))
    print_table(("reads", "reach", "shows version", "newest that passed", "pending"), rows)
    if due := mart_deadlines(project.contracts, read_marts(project.dbt)).get(mart.name):
        print_line(f"Due by {due} UTC, {'its own deadline' if mart.deadline else 'with the last of what it reads'}.")
    if pending.whole:
        print_line(f"The next build recomputes every row: {pending.whole}.")
    if state.last:
        what = f"every row ({state.last.whole})" if state.last.whole else f"{state.last.keys} keys"
        changed = f"{state.last.rows_changed} rows changed, {state.last.seconds} s"
        print_line(f"Last build {state.last.at:%Y-%m-%d %H:%M:%S}, version {state.last.version}: {what}, {changed}.")


def _reach(mart: Mart, table: str) -> str:
    reach = mart.reach[table]
    if reach.query is None:
        return WHOLE
    return "query" if reach.reads_others else DIRECT


def graph(project: Project, marts: Sequence[Mart]) -> list[str]:
    """A line per table of silver and mart that something reads: what it leads to."""
    leads: dict[str, list[str]] = {}
    for mart in marts:
        for table in mart.reads:
            leads.setdefault(table, []).append(mart.full_name)
    for view in resolve(project_views(project), {}):
        for table in view.tables:
            if table in leads or table in {mart.full_name for mart in marts}:
                leads.setdefault(table, []).append(f"analytics.{view.name}")
    order = sorted(leads, key=lambda table: (not table.startswith("silver."), table))
    width = max(map(len, order), default=0)
    return [f"{table:<{width}} → {', '.join(leads[table])}" for table in order]
