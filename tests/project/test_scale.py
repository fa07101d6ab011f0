"""docs/scale.md is what the kept results say; its model is a line that has not seen what it is checked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.scale import page, results
from benchmarks.scale.model import DRIVER_MEMORY, checked, files_until
from benchmarks.scale.results import FilesKnown, ScaleResults, StepRun, TableLog, Written
from benchmarks.scale.without_spark import files_known, table_log
from lakehouse.contracts.project import Project

ROOT = Path(__file__).parents[2]
RESULTS, DOCS = ROOT / "benchmarks" / "results", ROOT / "docs"
SIZES = (1, 4, 16)


def made_up(step_at_16: float = 18.0) -> ScaleResults:
    """Figures that grow in proportion; one step does not."""
    known = tuple(FilesKnown(1000 * n, 0.1 * n, 1 << 20 << n.bit_length(), 100 * n, 80 * n) for n in SIZES)
    logs = tuple(TableLog(10 * n, 1000 * n, 0.1) for n in SIZES)
    steps = tuple(StepRun(n * 10**6, "ingest erp", took) for n, took in zip(SIZES, (3.0, 6.0, step_at_16), strict=True))
    written = tuple(Written(n * 10**6, layer, 1, n * 10**5) for n in SIZES for layer in ("bronze", "silver"))
    return ScaleResults({"cores": "2"}, {"Python": "3"}, "2026-11-28", 2, known, logs, steps, written)


def test_the_page_is_what_the_kept_results_say(tmp_path: Path) -> None:
    written = page.write(RESULTS, tmp_path / "benchmarks")
    assert written
    for file in written:
        assert file.read_bytes() == (DOCS / file.name).read_bytes(), f"{file.name}: render it again"


def test_a_model_is_drawn_through_two_points_and_checked_at_the_third() -> None:
    found = checked([(1, 3.0), (4, 6.0), (16, 20.0)])
    assert (found.line.fixed, found.line.slope, found.until) == (2.0, 1.0, 16)
    assert found.error == pytest.approx(18 / 20 - 1)
    assert checked([(1, 3.0), (4, 2.0), (16, 3.0)]).line.at(1000) == 3.0, "what shrinks is noise"


def test_the_files_that_fill_the_driver() -> None:
    memory = checked([(n, 1000.0 * n) for n in SIZES]).line
    assert memory.at(files_until(memory)) == pytest.approx(DRIVER_MEMORY)


def test_the_page_says_how_far_the_model_was_off(tmp_path: Path) -> None:
    kept = made_up(step_at_16=20.0)
    results.save(tmp_path, kept)
    assert results.load(tmp_path) == kept
    text, _ = (file.read_text(encoding="utf-8") for file in page.write(tmp_path, tmp_path / "benchmarks"))
    assert "| ingest erp, seconds | MB | 3.00 s | 6.00 s | 20.00 s | 18.00 s | -10% |" in text
    # 1 TB are 1,000,000 MB, a second each and 2 more, on 2 cores; a DPU has 4.
    assert "| ingest erp, DPU hours a day | 1 TB | 138.9 |" in text
    assert "Not measured yet" not in text


def test_without_results_the_page_says_so(tmp_path: Path) -> None:
    (file,) = page.write(tmp_path, tmp_path / "benchmarks")
    assert "Not measured yet." in file.read_text(encoding="utf-8")


def test_what_is_measured_without_spark_is_measured_on_whole_ledgers(project: Project, tmp_path: Path) -> None:
    few, more = (files_known(project, tmp_path, files) for files in (500, 2000))
    assert (few.files, more.files) == (500, 2000)
    assert 2 * few.memory < more.memory
    assert 2 * few.landed < more.landed
    assert table_log(tmp_path, 5).checkpoint < table_log(tmp_path, 200).checkpoint
