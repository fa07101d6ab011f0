"""`lakehouse twin` hands over to the twin of the checkout, and says where there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.cli.main import main

ROOT = Path(__file__).parents[2]


def test_words_and_exit_code_are_those_of_the_twin_and_the_folder_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lakehouse", "twin"]
    listed = subprocess.run([*command, "break"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "\njob-killed " in listed.stdout
    # An option after the first word is the twin's, and so is its help.
    helped = subprocess.run(
        [*command, "up", "--help"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert helped.stdout.startswith("usage: lakehouse twin up ")
    wrong = subprocess.run([*command, "fly"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert wrong.returncode == 2
    assert "invalid choice: 'fly'" in wrong.stderr


def test_without_a_checkout_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "contracts").mkdir()
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(tmp_path))
    assert main(["twin", "up"]) == 2
    wanted = f"error: The twin is in a checkout of the project, and {tmp_path} has no tools/twin; run it from one.\n"
    assert capsys.readouterr().err == wanted
