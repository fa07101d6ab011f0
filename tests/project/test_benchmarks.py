"""The pages of docs/benchmarks are what the kept results say, and results are kept as they are read."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.ingest import page as ingest
from benchmarks.ingest import results as ingest_results
from benchmarks.ingest.run import parser as ingest_parser
from benchmarks.layout import page as layout
from benchmarks.layout import results as layout_results
from benchmarks.layout.run import parser as layout_parser
from benchmarks.marts import page as marts
from benchmarks.marts import results as marts_results
from benchmarks.marts.run import parser as marts_parser
from benchmarks.merge import page as merge
from benchmarks.merge import results as merge_results
from benchmarks.merge.run import parser as merge_parser
from benchmarks.quality import page as quality
from benchmarks.quality import results as quality_results
from benchmarks.quality.run import parser as quality_parser
from benchmarks.scale import results as scale_results
from benchmarks.shared.command import folders
from benchmarks.year import page as year
from benchmarks.year import results as year_results
from benchmarks.year.results import YearResults, YearRun, exponent
from benchmarks.year.run import parser as year_parser

ROOT = Path(__file__).parents[2]
RESULTS, DOCS = ROOT / "benchmarks" / "results", ROOT / "docs" / "benchmarks"
PARSERS = {
    "merge": merge_parser,
    "layout": layout_parser,
    "quality": quality_parser,
    "ingest": ingest_parser,
    "year": year_parser,
    "marts": marts_parser,
}
PAGES = {"merge": merge, "layout": layout, "quality": quality, "ingest": ingest, "year": year, "marts": marts}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_is_what_the_kept_results_say(page: ModuleType, tmp_path: Path) -> None:
    written = page.write(RESULTS, tmp_path)
    assert written
    for file in written:
        assert file.read_bytes() == (DOCS / file.name).read_bytes(), f"{file.name}: render it again"


def test_results_are_kept_as_they_are_read(tmp_path: Path) -> None:
    for suite in merge_results.SUITES:
        kept = merge_results.load(RESULTS, suite)
        assert kept
        merge_results.save(tmp_path, kept)
    checked, ingested = quality_results.load(RESULTS), ingest_results.load(RESULTS)
    layouts, years = layout_results.load(RESULTS), year_results.load(RESULTS)
    assert checked
    assert ingested
    assert layouts
    ingest_results.save(tmp_path, ingested.setting, ingested.runs, ingested.measured[0])
    if years:  # until `make bench-year` has run, its page says that nothing is measured
        year_results.save(tmp_path, years)
    if scales := scale_results.load(RESULTS):
        scale_results.save(tmp_path, scales)
    quality_results.save(tmp_path, checked.setting, checked.runs, checked.measured[0])
    if of_marts := marts_results.load(RESULTS):
        for kind in marts_results.KINDS:
            marts_results.save(tmp_path, of_marts.setting, kind, getattr(of_marts, kind), of_marts.measured[0])
    for suite, runs in layouts.runs.items():
        layout_results.save(tmp_path, layouts.setting, suite, runs, layouts.measured[0])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        file.name: file.read_bytes() for file in RESULTS.iterdir()
    }


@pytest.mark.parametrize("name", PARSERS)
def test_a_try_writes_to_a_folder_of_its_own(name: str, tmp_path: Path) -> None:
    tried = folders(name, PARSERS[name]().parse_args(["--small", "--work", str(tmp_path)]))
    assert all(folder.is_relative_to(tmp_path) for folder in (tried.work, tried.results, tried.docs))
    measured = folders(name, PARSERS[name]().parse_args([]))
    assert (measured.results, measured.docs) == (RESULTS, DOCS)


def test_the_index_shows_figures_that_its_pages_have() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = "".join((DOCS / f"{name}.md").read_text(encoding="utf-8") for name in PARSERS)
    figures = re.findall(r"(\d+\.\d+) (?:s|MB)\b", index)
    assert len(figures) > 10
    assert [figure for figure in figures if f"| {figure} " not in pages] == []


def test_an_exponent_is_the_slope_on_logarithmic_axes() -> None:
    assert exponent([(1, 5), (10, 5), (1000, 5)]) == 0
    assert exponent([(n, 3 * n**2) for n in (1, 7, 50, 900)]) == pytest.approx(2)


def test_runs_before_and_after_those_that_were_only_entered(tmp_path: Path) -> None:
    runs = tuple(YearRun(number, 300, 40, 9.5) for number in (2, 3, 59, 60))
    kept = YearResults({"cores": "2"}, {"Python": "3"}, "2026-11-28", 55, runs)
    assert ([run.number for run in kept.early], [run.number for run in kept.late]) == ([2, 3], [59, 60])
    year_results.save(tmp_path, kept)
    assert year_results.load(tmp_path) == kept
    (file,) = year.write(tmp_path, tmp_path)
    assert "| requests that read |  | 300 (300–300) | 300 (300–300) | 0.000 |" in file.read_text(encoding="utf-8")


def test_runs_without_news_have_a_table_of_their_own(tmp_path: Path) -> None:
    numbers = [first + more for first in (10, 1000) for more in range(20)]
    idle = tuple(YearRun(number, 500 + number % 10, number // 1000, 2.0) for number in numbers)
    kept = YearResults({"cores": "2"}, {"Python": "3"}, "2026-11-28", 0, (), idle)
    year_results.save(tmp_path, kept)
    assert year_results.load(tmp_path) == kept
    (file,) = year.write(tmp_path, tmp_path)
    text = file.read_text(encoding="utf-8")
    assert "| requests that read |  | 504 (500–509) | 504 (500–509) | " in text
    assert "| requests that write |  | 0 (0–0) | 1 (1–1) |  |" in text, "a figure that is zero once has no exponent"
    assert "runs 1,000–1,019" in text
    assert "Whole runs were not measured." in text
