"""Writes docs/benchmarks/ingest.md from the kept results."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.ingest.results import ENGINES, FORMATS, IngestResults, load
from benchmarks.shared import pages
from benchmarks.shared.pages import NOT_YET, bullets, markdown
from benchmarks.shared.spread import format_seconds, spread

HEAD = ("rows", "engine", "MB", "seconds", "× Spark", "Spark jobs", "tasks", "rows right")
AIM = 1.5
"""Ingest's time as a multiple of Spark's own: what it is to stay within."""


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page; returns what was written."""
    kept = load(results)
    parts = {
        "measured_on": pages.measured_on(kept.measured, kept.setting.machine, kept.setting.versions)
        if kept
        else NOT_YET,
        "csv": _table(kept, "CSV") if kept else NOT_YET,
        "json": _table(kept, "JSON Lines") if kept else NOT_YET,
        "reading": bullets(_reading(kept)) if kept else "",
    }
    return pages.write(docs, {"ingest.md": pages.fill(Path(__file__).with_name("page.md"), parts)})


def _setting(kept: IngestResults) -> str:
    return pages.measured_on(kept.measured, kept.setting.machine, kept.setting.versions)


def _sizes(kept: IngestResults, file_format: str) -> list[int]:
    return sorted({run.rows for run in kept.runs if run.format == file_format})


def _table(kept: IngestResults, file_format: str) -> str:
    rows = [
        (f"{size:,}", engine, *_figures(kept, engine, file_format, size))
        for size in _sizes(kept, file_format)
        for engine in ENGINES
        if kept.of(engine, file_format, size)
    ]
    return markdown(HEAD, rows) if rows else NOT_YET


def _figures(kept: IngestResults, engine: str, file_format: str, rows: int) -> tuple[str, ...]:
    runs = kept.of(engine, file_format, rows)
    share = _times_spark(kept, engine, file_format, rows)
    return (
        f"{runs[0].bytes / 1e6:.0f}",
        format_seconds(spread(run.seconds for run in runs)),
        "" if share is None else f"{share:.2f}",
        str(max(run.jobs for run in runs) or ""),
        str(max(run.tasks for run in runs) or ""),
        "yes" if all(run.right for run in runs) else "no",
    )


def _times_spark(kept: IngestResults, engine: str, file_format: str, rows: int) -> float | None:
    """An engine's median as a multiple of Spark's own."""
    own, spark = (kept.of(name, file_format, rows) for name in (engine, "Spark"))
    if not own or not spark:
        return None
    return statistics.median(run.seconds for run in own) / statistics.median(run.seconds for run in spark)


def _reading(kept: IngestResults) -> list[str]:
    """What the figures say, in words that follow from them."""
    lines = []
    for file_format in FORMATS:
        for rows in _sizes(kept, file_format)[-1:]:
            share = _times_spark(kept, "ingest", file_format, rows)
            if share is not None:
                met = "met" if share <= AIM else "missed"
                took = f"{file_format}, {rows:,} rows: ingest takes {share:.2f} times as long as Spark"
                lines.append(f"{took}; the aim of {AIM} is {met}.")
    return lines
