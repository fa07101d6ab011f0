"""Writes docs/benchmarks-quality.md from the kept results."""

from __future__ import annotations

from pathlib import Path
from string import Template

from benchmarks.merge.page_tables import markdown, say_seconds
from benchmarks.merge.results import spread
from benchmarks.quality.results import ENGINES, QualityResults, QualityRun, load

NOT_YET = "Not measured yet."
HEAD = ("rows", "engine", "seconds", "× GX SUMMARY", "Spark jobs", "Python grew by, MB", "verdict right")
AIM_ROWS = 3_000_000


def write(results: Path, docs: Path) -> Path:
    """Write the page; returns its path."""
    kept = load(results)
    template = Template(Path(__file__).with_name("quality_page.md").read_text(encoding="utf-8"))
    words = {
        "measured_on": _setting(kept) if kept else NOT_YET,
        "one_percent": _table(kept, 1) if kept else NOT_YET,
        "every_row": _table(kept, 100) if kept else NOT_YET,
        "reading": "\n".join(f"- {line}" for line in _reading(kept)) if kept else "",
    }
    docs.mkdir(parents=True, exist_ok=True)
    page = docs / "benchmarks-quality.md"
    page.write_text(template.substitute(words), encoding="utf-8")
    return page


def _setting(kept: QualityResults) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in kept.setting.machine.items())
    versions = ", ".join(f"{name} {value}" for name, value in kept.setting.versions.items())
    return f"Measured on {', '.join(kept.measured)}: {machine}; {versions}."


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
    verdict = "judges nothing" if first.engine.startswith("no check") else "yes" if all(r.right for r in runs) else "no"
    return (
        say_seconds(spread(run.seconds for run in runs)),
        "" if share is None else f"{share:.2f}",
        str(max(run.jobs for run in runs)),
        f"{grown:.0f}",
        verdict,
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
            f"Judging {AIM_ROWS:,} rows and writing the bad ones takes {written:.1f} s; "
            f"writing the table without any check {plain:.1f} s."
        )
    wrong = sorted({f"{r.engine} at {r.rows:,} rows, {r.bad_percent} % bad" for r in kept.runs if not r.right})
    return [*lines, *(f"Not the seeded rows: {name}." for name in wrong)]
