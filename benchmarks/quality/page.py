"""Writes docs/benchmarks/quality.md from the kept results."""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality.results import ENGINES, QualityResults, QualityRun, load
from benchmarks.shared import pages
from benchmarks.shared.pages import NOT_YET, bullets, markdown
from benchmarks.shared.spread import format_seconds, spread

HEAD = ("rows", "engine", "seconds", "× GX SUMMARY", "Spark jobs", "Python grew by, MB", "result right")
AIM_ROWS = 3_000_000


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page; returns what was written."""
    kept = load(results)
    parts = {
        "measured_on": _setting(kept) if kept else NOT_YET,
        "one_percent": _table(kept, 1) if kept else NOT_YET,
        "every_row": _table(kept, 100) if kept else NOT_YET,
        "reading": bullets(_reading(kept)) if kept else "",
    }
    return pages.write(docs, {"quality.md": pages.fill(Path(__file__).with_name("page.md"), parts)})


def _setting(kept: QualityResults) -> str:
    return pages.measured_on(kept.measured, kept.setting.machine, kept.setting.versions)


def _sizes(kept: QualityResults, bad_percent: int) -> list[int]:
    return sorted({run.rows for run in kept.runs if run.bad_percent == bad_percent})


def _table(kept: QualityResults, bad_percent: int) -> str:
    rows = []
    for size in _sizes(kept, bad_percent):
        for engine in ENGINES:
            runs = kept.of(engine, size, bad_percent)
            if runs:
                rows.append((f"{size:,}", engine, *_figures(kept, runs)))
    return markdown(HEAD, rows) if rows else NOT_YET


def _figures(kept: QualityResults, runs: list[QualityRun]) -> tuple[str, ...]:
    first = runs[0]
    share = _share(kept, first.engine, first.rows, first.bad_percent)
    grown = max(run.python_bytes for run in runs) / 1e6
    right = "yes" if all(run.right for run in runs) else "no"
    result = "validates nothing" if first.engine.startswith("no check") else right
    return (
        format_seconds(spread(run.seconds for run in runs)),
        "" if share is None else f"{share:.2f}",
        str(max(run.jobs for run in runs)),
        f"{grown:.0f}",
        result,
    )


def _median(kept: QualityResults, engine: str, rows: int, bad_percent: int) -> float | None:
    found = spread(run.seconds for run in kept.of(engine, rows, bad_percent))
    return None if found is None else found.median


def _share(kept: QualityResults, engine: str, rows: int, bad_percent: int) -> float | None:
    """An engine's median as a share of that of Great Expectations' SUMMARY results."""
    own, summary = (_median(kept, name, rows, bad_percent) for name in (engine, "GX SUMMARY"))
    return None if own is None or summary is None else own / summary


def _reading(kept: QualityResults) -> list[str]:
    """What the figures say, in words that follow from them."""
    lines = []
    share = _share(kept, "ours", AIM_ROWS, 1)
    if share is not None:
        met = "met" if share <= 0.5 else "missed"
        lines.append(f"At {AIM_ROWS:,} rows our pass takes {share:.2f} of SUMMARY's time; the aim of half is {met}.")
    ours = [run for run in kept.runs if run.engine == "ours"]
    if ours:
        jobs = max(run.jobs for run in ours)
        lines.append(f"Our pass needs at most {jobs} Spark jobs a batch, whatever its size and share of bad rows.")
        grown = {p: max((r.python_bytes for r in ours if r.bad_percent == p), default=0) / 1e6 for p in (1, 100)}
        lines.append(
            f"The driver's Python grew by at most {grown[1]:.0f} MB with 1 % of bad rows and {grown[100]:.0f} MB "
            "when every row is bad."
        )
    written, plain = (_median(kept, name, AIM_ROWS, 1) for name in ("ours with quarantine", ENGINES[0]))
    if written is not None and plain is not None:
        lines.append(
            f"Validating {AIM_ROWS:,} rows and writing the bad ones takes {written:.1f} s; "
            f"writing the table without any check {plain:.1f} s."
        )
    wrong = sorted({f"{r.engine} at {r.rows:,} rows, {r.bad_percent} % bad" for r in kept.runs if not r.right})
    return [*lines, *(f"Not the seeded rows: {name}." for name in wrong)]
