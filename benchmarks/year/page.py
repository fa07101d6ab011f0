"""Writes docs/benchmarks/year.md from the kept results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.shared import pages
from benchmarks.shared.pages import NOT_YET, bullets, markdown
from benchmarks.shared.spread import spread
from benchmarks.year.results import YearResults, YearRun, exponent, load

HEAD = ("per whole run", "", "runs {early}", "runs {late}", "exponent")
AIM = 0.05


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page; returns what was written."""
    kept = load(results)
    parts = {
        "measured_on": pages.measured_on([kept.measured], kept.machine, kept.versions) if kept else NOT_YET,
        "table": _table(kept) if kept else NOT_YET,
        "reading": bullets(_reading(kept)) if kept else "",
    }
    return pages.write(docs, {"year.md": pages.fill(Path(__file__).with_name("page.md"), parts)})


FIGURES: dict[str, Callable[[YearRun], float]] = {
    "requests that read": lambda run: run.reads,
    "requests that write": lambda run: run.writes,
    "seconds": lambda run: run.seconds,
}


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
    worst = max(_exponent(kept, name) for name in ("requests that read", "requests that write"))
    met = "met" if worst <= AIM else "missed"
    return [
        f"{kept.entered:,} runs lie between the first and the last ones, entered in the tables of `ops` and two logs.",
        f"The greater exponent of the requests is {worst:.3f}; the aim of {AIM:g} is {met}.",
    ]
