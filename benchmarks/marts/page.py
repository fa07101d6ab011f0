"""Writes docs/benchmarks/marts.md from the kept results."""

from __future__ import annotations

from pathlib import Path

from benchmarks.marts.lakes import CONTESTED
from benchmarks.marts.results import BUSY, MartResults, MartRun, load
from benchmarks.marts.ways import FULL, KEYS
from benchmarks.merge.results import exponent
from benchmarks.shared import pages
from benchmarks.shared.pages import NOT_YET, bullets, markdown


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page; returns what was written."""
    kept = load(results)
    parts = dict.fromkeys(("measured_on", "keys_table", "peers_table", "late_table"), NOT_YET) | {"reading": ""}
    if kept:
        parts = {
            "measured_on": f"{pages.measured_on(kept.measured, **kept.setting)} {_load(kept)}",
            "keys_table": _table([run for run in kept.runs if run.way in (KEYS, FULL)]),
            "peers_table": _table([run for run in kept.runs if run.mart == CONTESTED]),
            "late_table": _late(kept),
            "reading": bullets(_reading(kept)),
        }
    return pages.write(docs, {"marts.md": pages.fill(Path(__file__).with_name("page.md"), parts)})


def _load(kept: MartResults) -> str:
    loads = [run.load for run in kept.runs]
    if not loads or max(loads) < BUSY:
        return ""
    return (
        f"Other work ran beside it (load {min(loads):g} to {max(loads):g}), so that no seconds were kept; keys, jobs, "
        "bytes and cells are counts, which a load does not change."
    )


def _table(runs: list[MartRun]) -> str:
    head = ("mart", "way", "rows of silver", "keys", "MB read", "MB written", "Spark jobs", "seconds")
    rows = [
        (f"`{run.mart}`", run.way, f"{run.rows:,}", f"{run.keys:,}" if run.keys else "every" if run.way == FULL else "",
         f"{run.bytes_read / 1e6:.1f}", f"{run.bytes_written / 1e6:.1f}", str(run.jobs),
         "" if run.seconds is None else f"{run.seconds:.1f}")
        for run in sorted(runs, key=lambda run: (run.mart, run.way, run.rows))
    ]  # fmt: skip
    return markdown(head, rows) if rows else NOT_YET


def _late(kept: MartResults) -> str:
    numbers = sorted({run.late for run in kept.late})
    cells = {(run.way, run.late): run.cells for run in kept.late}
    rows = [
        (way, "cells wrong", *(f"{cells[way, number]:,}" for number in numbers))
        for way in dict.fromkeys(run.way for run in kept.late)
    ]
    return markdown(("way", "late rows", *(f"{number:,}" for number in numbers)), rows) if rows else NOT_YET


def _reading(kept: MartResults) -> list[str]:
    found = []
    for mart in dict.fromkeys(run.mart for run in kept.runs):
        ours, full = (
            {run.rows: run for run in kept.runs if (run.mart, run.way) == (mart, way)} for way in (KEYS, FULL)
        )
        slope = exponent([(rows, run.bytes_read + run.bytes_written) for rows, run in sorted(ours.items())])
        largest = max(set(ours) & set(full), default=None)
        if largest is None:
            continue
        moved = (_moved(full[largest]), _moved(ours[largest]))
        said = f"`{mart}`: at {largest:,} rows a full refresh moves {moved[0] / moved[1]:.1f} times the bytes"
        found.append(said + (f"; by keys they grow with exponent {slope:.2f}." if slope is not None else "."))
    return found


def _moved(run: MartRun) -> int:
    return run.bytes_read + run.bytes_written
