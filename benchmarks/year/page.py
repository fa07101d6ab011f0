"""Writes docs/benchmarks/year.md from the kept results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.shared import pages
from benchmarks.shared.pages import NOT_YET, bullets, markdown
from benchmarks.shared.spread import spread
from benchmarks.year.idle_runs import AT_ONCE
from benchmarks.year.results import YearResults, YearRun, exponent, load

HEAD = ("per whole run", "", "runs {early}", "runs {late}", "exponent")
AIM = 0.05
RUNS, WHOLE = 3_000, 50
"""So many runs a year of hourly deliveries should have at least, and whole ones at its end."""


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page; returns what was written."""
    kept = load(results)
    parts = {
        "measured_on": pages.measured_on([kept.measured], kept.machine, kept.versions) if kept else NOT_YET,
        "table": _table(kept) if kept and kept.runs else NOT_YET,
        "idle": _idle_table(kept.idle) if kept and kept.idle else NOT_YET,
        "reading": bullets(_reading(kept)) if kept else "",
    }
    return pages.write(docs, {"year.md": pages.fill(Path(__file__).with_name("page.md"), parts)})


FIGURES: dict[str, Callable[[YearRun], float]] = {
    "requests that read": lambda run: run.reads,
    "requests that write": lambda run: run.writes,
    "seconds": lambda run: run.seconds,
}


def _idle_table(runs: Sequence[YearRun]) -> str:
    """A column for each run of numbers that follow one another."""
    groups = [runs[first : first + AT_ONCE] for first in range(0, len(runs), AT_ONCE)]
    rows = [
        (name, "", *(_said(figure, group) for group in groups), _idle_exponent(runs, figure))
        for name, figure in FIGURES.items()
    ]
    return markdown(("per run", "", *(f"runs {_span(group)}" for group in groups), "exponent"), rows)


def _idle_exponent(runs: Sequence[YearRun], figure: Callable[[YearRun], float]) -> str:
    """The slope; none where a figure is zero."""
    points = [(run.number, figure(run)) for run in runs]
    return f"{exponent(points):.3f}" if all(value > 0 for _, value in points) else ""


def _table(kept: YearResults) -> str:
    named = {"early": _span(kept.early), "late": _span(kept.late)}
    rows = [
        (name, "", *(_said(figure, runs) for runs in (kept.early, kept.late)), f"{_exponent(kept, name):.3f}")
        for name, figure in FIGURES.items()
    ]
    return markdown([head.format(**named) for head in HEAD], rows)


def _span(runs: Sequence[YearRun]) -> str:
    return f"{runs[0].number:,}–{runs[-1].number:,}"


def _said(figure: Callable[[YearRun], float], runs: Sequence[YearRun]) -> str:
    found = spread(figure(run) for run in runs)
    return "" if found is None else f"{found.median:,.0f} ({found.low:,.0f}–{found.high:,.0f})"


def _exponent(kept: YearResults, name: str) -> float:
    return exponent([(run.number, FIGURES[name](run)) for run in kept.runs])


def _reading(kept: YearResults) -> list[str]:
    """What the figures say, in words that follow from them."""
    found = []
    if kept.idle:
        last, slope = kept.idle[-1].number, exponent([(run.number, run.reads) for run in kept.idle])
        met = "met" if slope <= AIM else "missed"
        found = [
            f"Of runs that find nothing new up to {last:,} the reads grow by an exponent of {slope:.3f}: {AIM:g} is "
            f"{met}."
        ]
    if not kept.runs:
        return [*found, "Whole runs were not measured."]
    worst = max(_exponent(kept, name) for name in ("requests that read", "requests that write"))
    met = "met" if worst <= AIM else "missed"
    return [
        *found,
        *_fewer(kept.late),
        f"{kept.entered:,} runs lie between the first and the last ones, entered in the tables of `ops` and two logs.",
        f"The greater exponent of the requests is {worst:.3f}; the aim of {AIM:g} is {met}.",
    ]


def _fewer(late: Sequence[YearRun]) -> list[str]:
    """Says that fewer runs were measured than a year has."""
    if late[-1].number >= RUNS and len(late) >= WHOLE:
        return []
    return [
        f"Measured are {late[-1].number:,} runs, of which the last {len(late)} are whole; `make bench-year` makes more "
        f"than {RUNS:,}, with {WHOLE} whole ones at the end."
    ]
