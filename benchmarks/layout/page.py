"""Writes docs/benchmarks/layout.md and its picture from the kept results."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.layout import nights
from benchmarks.layout.plots import Bars, picture
from benchmarks.layout.results import LayoutResults, NightsRun, QualityRun, load
from benchmarks.layout.tables import DAYS, OURS_DAY, OURS_MONTH, OURS_NONE, RANDOM, STORES, WAYS
from benchmarks.shared import pages
from benchmarks.shared.pages import NOT_YET, bullets, markdown
from lakehouse.layout.measure import QUERIES

AIM, WRITTEN_AIM, GROUP_AIM = 1.05, 1.3, 2.0
ASKED = (1 / DAYS, 1 / STORES, 1 / DAYS / STORES, 7 / DAYS * 10 / STORES)
"""Share of the rows that each question asks for, on average over days and stores."""


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page and its picture; returns what was written."""
    kept = load(results)
    parts = dict.fromkeys(("measured_on", "quality_table", "groups_table", "nights_table", "queries_table"), NOT_YET)
    parts |= {"quality_reading": "", "nights_reading": "", "queries_reading": "", "per_night": f"{nights.PER_NIGHT:,}"}
    if kept:
        parts |= _parts(kept)
    page = pages.fill(Path(__file__).with_name("page.md"), parts)
    return pages.write(docs, {"layout.md": page, "layout.svg": _picture(kept)})


def _parts(kept: LayoutResults) -> dict[str, str]:
    quality, kept_nights = _in_order(kept.runs["quality"], list(WAYS)), _nights(kept)
    return {
        "measured_on": pages.measured_on(kept.measured, **kept.setting),
        "quality_table": _quality_table(quality),
        "groups_table": _groups_table(quality),
        "quality_reading": bullets(_quality_reading(quality)),
        "nights_table": _nights_table(kept_nights),
        "nights_reading": bullets(_nights_reading(kept_nights)),
        "queries_table": _queries_table(kept),
        "queries_reading": bullets(_queries_reading(kept)),
    }


def _in_order(runs: tuple[QualityRun, ...], order: list[str]) -> list[QualityRun]:
    return sorted(runs, key=lambda run: order.index(run.way))


def _nights(kept: LayoutResults) -> list[NightsRun]:
    order = list(nights.WAYS)
    return sorted(kept.runs["nights"], key=lambda run: order.index(run.way))


def _quality_table(runs: list[QualityRun]) -> str:
    head = ("way", "rows", "files", "MB", *(f"{question}, of bytes" for question in QUERIES), "times the limit")
    rows = [
        (run.way, f"{run.rows:,}", f"{run.files:,}", f"{run.bytes / 1e6:.0f}",
         *(f"{share:.2%}" for share in run.shares), f"{run.ratio:.2f}")
        for run in runs
    ]  # fmt: skip
    return markdown(head, rows) if rows else NOT_YET


def _groups_table(runs: list[QualityRun]) -> str:
    head = ("way", "row groups", *QUERIES, "times the limit 1/√row groups")
    rows = []
    for run in runs:
        times = [share / asked for share, asked in zip(run.group_rows_shares, ASKED, strict=True)]
        rows.append((run.way, f"{run.row_groups:,}", *(f"{each:,.1f}" for each in times), f"{run.group_ratio:.2f}"))
    return markdown(head, rows) if rows else NOT_YET


def _quality_reading(runs: list[QualityRun]) -> list[str]:
    by_way = {run.way: run for run in runs}
    found = []
    for way in (OURS_NONE, OURS_MONTH, OURS_DAY):
        if way in by_way:
            ratio = by_way[way].ratio
            found.append(f"{way}: {ratio:.2f} times the limit; {_met(ratio, AIM)}.")
    for way in (OURS_MONTH, OURS_DAY):
        if way in by_way:
            day = by_way[way].group_rows_shares[0] / ASKED[0]
            found.append(f"{way}: one day opens row groups with {day:.2f} times its rows; {_met(day, GROUP_AIM)}.")
    if runs:
        found.append(
            "One store within twice its rows, beside one day, would take row groups of about 100 rows of this table "
            f"(1/√groups must come near √(1/{DAYS} × 1/{STORES}) × 2); no layout can meet that aim for both."
        )
    return found


def _met(figure: float, aim: float) -> str:
    return f"the aim of {aim:g} is met" if figure <= aim + 0.005 else f"the aim of {aim:g} is missed"


def _nights_table(runs: list[NightsRun]) -> str:
    delivered = _delivered(runs)
    if delivered is None:
        return NOT_YET
    head = ("way", "nights", "MB loaded", "MB written in all", "written / delivered", "files", "one day", "one store",
            "times the limit")  # fmt: skip
    rows = [
        (run.way, run.nights, f"{run.bytes_loaded / 1e6:.1f}", f"{run.bytes_written / 1e6:.1f}",
         f"{run.bytes_written / delivered:.2f}", run.files, f"{run.shares[0]:.2%}", f"{run.shares[1]:.1%}",
         f"{run.ratio:.2f}")
        for run in runs
    ]  # fmt: skip
    return markdown(head, [tuple(str(value) for value in row) for row in rows])


def _delivered(runs: list[NightsRun]) -> int | None:
    return next((run.bytes_written for run in runs if run.way == nights.PLAIN), None)


def _nights_reading(runs: list[NightsRun]) -> list[str]:
    delivered = _delivered(runs)
    if delivered is None:
        return []
    found = []
    for run in runs:
        if run.way.startswith("ours"):
            share = run.bytes_written / delivered
            quality = f"{run.ratio:.2f} times the limit at the end; {_met(run.ratio, AIM)}"
            found.append(
                f"{run.way}: {share:.2f} bytes written for each delivered; {_met(share, WRITTEN_AIM)}. {quality}."
            )
    return found


def _queries_table(kept: LayoutResults) -> str:
    medians = {run.key: median(run.seconds) for run in kept.runs["queries"]}
    tables = list(dict.fromkeys(way for way, _, _ in medians))
    rows = [
        (engine, question, *(f"{medians[way, engine, question]:.3f}" for way in tables))
        for engine in ("DuckDB", "Spark")
        for question in QUERIES
        if medians
    ]
    return markdown(("engine", "question", *tables), rows) if rows else NOT_YET


def _queries_reading(kept: LayoutResults) -> list[str]:
    medians = {run.key: median(run.seconds) for run in kept.runs["queries"]}
    found = []
    for way in dict.fromkeys(way for way, _, _ in medians if way != RANDOM):
        for engine in ("DuckDB", "Spark"):
            pairs = [(medians[RANDOM, engine, q], medians[way, engine, q]) for q in QUERIES]
            faster = ", ".join(f"{q} {before / after:.1f}" for q, (before, after) in zip(QUERIES, pairs, strict=True))
            found.append(f"{engine}, {way}, times as fast as rows in no order: {faster}.")
    return found


def _picture(kept: LayoutResults | None) -> str:
    quality = _in_order(kept.runs["quality"], list(WAYS)) if kept else []
    runs = _nights(kept) if kept else []
    delivered = _delivered(runs)
    groups = [Bars("One day and one store: times the least possible", [(r.way, r.ratio) for r in quality], AIM)]
    if delivered:
        written = [(run.way, run.bytes_written / delivered) for run in runs]
        groups.append(Bars("Thirty nights: bytes written for each delivered", written, WRITTEN_AIM))
    return picture("How much questions open and what thirty nights write, by way", groups)
