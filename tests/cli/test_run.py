"""`lakehouse run` and `local_runner.py` run one and the same cycle, of all of the plan or of a part."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import local_runner
from lakehouse.cli.main import main
from lakehouse.cycle.cycle import EVERYTHING, Selection
from lakehouse.lake.paths import Lake
from lakehouse.publish.engine import tables_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cycles(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The arguments with which a cycle was run; it ends with 3."""
    called: list[tuple[Any, ...]] = []

    def run_cycle(context: Any, landing: Path, display: Any, only: Selection) -> Any:
        called.append((context.lake.root, landing, only))
        return SimpleNamespace(summary=None, exit_code=3)

    monkeypatch.setattr("lakehouse.cycle.cycle.run_cycle", run_cycle)
    monkeypatch.setattr("lakehouse.site.build.write_pages", lambda *_: None)
    monkeypatch.setattr("lakehouse.cycle.closing_table.print_summary", lambda *_: None)
    return called


def test_the_whole_cycle(cycles: list[tuple[Any, ...]], tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    assert main(["run", "--lake", lake]) == 3
    assert main(["run", "--lake", lake, "--landing", "samples/day2", "--log-level", "info"]) == 3
    assert cycles == [(lake, str(ROOT / "samples"), EVERYTHING), (lake, "samples/day2", EVERYTHING)]


def test_a_part_of_the_cycle(cycles: list[tuple[Any, ...]], tmp_path: Path) -> None:
    main(["run", "--lake", str(tmp_path), "--domain", "erp", "--domain", "web", "--until", "validate"])
    assert cycles[0][2] == Selection(frozenset({"erp", "web"}), "validate")


def test_the_runner_is_the_same_cycle(cycles: list[tuple[Any, ...]], tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    assert local_runner.main(["--output-dir", lake, "--landing-dir", "samples/day2", "--only-writer"]) == 3
    assert cycles == [(lake, "samples/day2", EVERYTHING)]


def test_nothing_is_run_where_a_name_is_wrong(cycles: list[tuple[Any, ...]], tmp_path: Path) -> None:
    assert main(["run", "--lake", str(tmp_path), "--domain", "erp", "--domain", "wep"]) == 2
    assert cycles == []


def test_one_domain_until_one_step(tmp_path: Path) -> None:
    lake = Lake.at(str(tmp_path / "lake"))
    words = ["--landing", "samples", "--lake", lake.root, "--domain", "erp", "--until", "validate"]
    command = [sys.executable, "-m", "lakehouse", "run", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    layers = {(layer, name) for layer, name in tables_of(lake) if layer != "ops"}
    assert layers == {("bronze", "erp_orders"), ("quarantine", "erp_orders")}
    assert "validate_erp" in done.stdout
    assert not any(word in done.stdout for word in ("validate_crm", "transform_erp", "transform_marts"))
