"""Shells complete commands, options, and the names that the contracts and the plan know."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.contracts.plan import STEPS
from lakehouse.contracts.project import Project

ROOT = Path(__file__).parents[2]


def lakehouse(line: str, **environment: str) -> str:
    """What `lakehouse` prints when bash runs it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "glue_jobs"), **environment}
    # With one command alone bash would give its process away, and no shell would be found.
    command = ["bash", "-c", f"'{sys.executable}' -m lakehouse {line}; exit $?"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def completed(*words: str) -> list[str]:
    """What is offered for the last of some words."""
    return lakehouse(
        "", _LAKEHOUSE_COMPLETE="complete_bash", COMP_WORDS=" ".join(("lakehouse", *words)), COMP_CWORD=str(len(words))
    ).split()


def test_the_script_is_printed() -> None:
    script = lakehouse("--show-completion")
    assert "complete -o default -F _lakehouse_completion lakehouse" in script
    assert script.strip() == lakehouse("", _LAKEHOUSE_COMPLETE="source_bash").strip()


def test_the_script_is_installed(tmp_path: Path) -> None:
    lakehouse("--install-completion", HOME=str(tmp_path))
    assert "_lakehouse_completion" in (tmp_path / ".bash_completions" / "lakehouse.sh").read_text()
    assert "lakehouse.sh" in (tmp_path / ".bashrc").read_text()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("qu",), ["query", "quarantine"]),
        (("quarantine", "re"), ["repair", "retry"]),
        (("query", "--p"), ["--parquet"]),
        (("quarantine", "list", "--state", "re"), ["repaired"]),
        (("quarantine", "show", "erp"), ["erp_orders"]),
        (("rollback", "silver.erp"), ["silver.erp_orders"]),
        (("history", "marts.fct_daily_s"), ["marts.fct_daily_store_metrics"]),
        (("run", "--until", ""), list(STEPS)),
    ],
)
def test_words_are_completed(words: tuple[str, ...], wanted: list[str]) -> None:
    assert completed(*words) == wanted


def test_names_of_the_contracts_are_completed(project: Project) -> None:
    assert completed("quarantine", "list", "") == [dataset.name for dataset in project.contracts.datasets]
    assert completed("run", "--domain", "") == list(project.contracts.domains)


def test_wrong_contracts_complete_nothing(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "x.yaml").write_text("a: [")
    words = {"_LAKEHOUSE_COMPLETE": "complete_bash", "COMP_WORDS": "lakehouse quarantine list ", "COMP_CWORD": "3"}
    assert lakehouse("", LAKEHOUSE_PROJECT=str(tmp_path), **words).strip() == ""
