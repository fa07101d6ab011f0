"""The tables of the page, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.merge.results import Results, Run, exponent, medians
from benchmarks.shared.pages import markdown
from benchmarks.shared.spread import NOT_REPORTED, format_seconds, spread

MEGABYTE = 1_000_000

Figure = Callable[[Run], float | None]


def say_size(results: Results, size: float) -> str:
    """A size with its unit: `16×` or `0.1 %`."""
    return f"{size:g} %" if results.suite == "scattered" else f"{size:g}×"


def delivery_table(results: Results) -> str:
    """Seconds, what was scanned, rewritten and left twice, by history and engine."""
    head = "history, engine, seconds, files scanned, MB scanned, files rewritten, MB rewritten, keys held twice"
    return markdown(head.split(", "), _rows(results, _delivered))


def _delivered(runs: Sequence[Run]) -> list[str]:
    scanned = [_count(runs, lambda run: run.files_scanned), _megabytes(runs, lambda run: run.bytes_scanned)]
    return [*scanned, *_rewritten(runs)]


def _rewritten(runs: Sequence[Run]) -> list[str]:
    rewritten = [_count(runs, lambda run: run.files_rewritten), _megabytes(runs, lambda run: run.bytes_rewritten)]
    return [*rewritten, _count(runs, lambda run: run.doubled)]


def redelivery_table(results: Results) -> str:
    """Seconds and what was rewritten by the second delivery, and the keys that the first left twice."""
    head = "history, engine, seconds, files rewritten, MB rewritten, keys held twice after the first delivery"
    return markdown(head.split(", "), _rows(results, _rewritten))


def scattered_table(results: Results) -> str:
    """Seconds of the merge, of five reads, of both together, and the bytes written, by share and mode."""
    head = "rows changed, mode, seconds of the merge, seconds of five reads, both together, MB written"
    return markdown(head.split(", "), _rows(results, _read_after))


def _read_after(runs: Sequence[Run]) -> list[str]:
    reads, both = (spread(run.reads_seconds for run in runs), spread(total_seconds(run) for run in runs))
    return [format_seconds(reads), format_seconds(both), _megabytes(runs, lambda run: run.bytes_written)]


def total_seconds(run: Run) -> float | None:
    """The merge and the reads after it."""
    return None if run.reads_seconds is None else run.seconds + run.reads_seconds


def exponent_table(results: Results) -> str:
    """How each figure grows with history: 0 for not at all, 1 for in proportion."""
    figures: tuple[Figure, ...] = (
        lambda run: run.seconds,
        lambda run: run.bytes_scanned,
        lambda run: run.bytes_rewritten,
    )
    head = ("engine", "measured at", "seconds", "bytes scanned", "bytes rewritten")
    rows = []
    for engine in results.engines:
        sizes = [say_size(results, size) for size in results.sizes if results.of(engine, size)]
        rows.append([engine, ", ".join(sizes), *[_exponent(results, engine, figure) for figure in figures]])
    return markdown(head, rows)


def _exponent(results: Results, engine: str, figure: Figure) -> str:
    points = medians(results, engine, figure)
    if len(points) < sum(1 for size in results.sizes if results.of(engine, size)):
        return NOT_REPORTED
    found = exponent(points)
    # Less than half a hundredth is nothing, on whichever side.
    return "–" if found is None else f"{found + 0.0 if abs(found) >= 0.005 else 0:.2f}"


def _rows(results: Results, of: Callable[[Sequence[Run]], list[str]]) -> list[list[str]]:
    rows = []
    for size in results.sizes:
        for engine in results.engines:
            runs = results.of(engine, size)
            if runs:
                seconds = format_seconds(spread(run.seconds for run in runs))
                rows.append([say_size(results, size), engine, seconds, *of(runs)])
    return rows


def _count(runs: Sequence[Run], figure: Figure) -> str:
    found = spread(figure(run) for run in runs)
    return NOT_REPORTED if found is None else f"{found.median:,.0f}"


def _megabytes(runs: Sequence[Run], figure: Figure) -> str:
    found = spread(figure(run) for run in runs)
    return NOT_REPORTED if found is None else f"{found.median / MEGABYTE:,.1f}"
