"""A domain comes, gets another name and goes, as the how-to page says: what tests derive from contracts stays green."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.contracts, pytest.mark.timeout(700)]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/add-a-dataset.md"
FOLDERS = [
    "contracts",
    "dags",
    "dbt",
    "docs",
    "glue_jobs",
    "great_expectations",
    "samples",
    "terraform",
    "tests",
    "tools",
]
FILES = ("pyproject.toml", "Makefile", "README.md", "local_runner.py", "requirements.txt")
FROM_CONTRACTS = (
    "tests/contracts/test_contract_rules.py",
    "tests/contracts/test_reader.py",
    "tests/contracts/test_suite.py",
    "tests/dags/test_plan.py",
    "tests/dags/test_bag.py",
    "tests/cli/test_completion.py",
    "tests/cli/test_dataset.py",
    "tests/cli/test_start.py",
    "tests/publish/test_not_deleted.py",
    "tests/terraform/test_structure.py",
    "tests/project/test_samples.py",
)
WRITTEN = re.compile(r"Write `([^`]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)


def files_of_the_page() -> dict[str, str]:
    """The contract, suite and sample that the page writes."""
    written = dict(WRITTEN.findall(PAGE.read_text(encoding="utf-8")))
    found = {name: text for name, text in written.items() if "/" in name}  # without the delivery of `lakehouse new`
    assert [Path(name).parts[0] for name in found] == ["contracts", "great_expectations", "samples"]
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project without what tools built."""
    skip = shutil.ignore_patterns("__pycache__", "target", "*.egg-info", ".terraform*")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skip)
    for file in FILES:
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def run(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy's own library."""
    env = {**os.environ, "PYTHONPATH": str(copy / "glue_jobs"), "LAKEHOUSE_PROJECT": str(copy)}
    return subprocess.run(
        [sys.executable, *words], cwd=copy, env=env, capture_output=True, text=True, timeout=600, check=False
    )


def test_tests_that_contracts_decide_stay_green(copy: Path) -> None:
    domain = "inventory"  # the page's domain under another name
    for name, text in files_of_the_page().items():
        (copy / name.replace("contracts/stock", f"contracts/{domain}")).write_text(
            text.replace("domain: stock\n", f"domain: {domain}\n"), encoding="utf-8"
        )
    tested = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *FROM_CONTRACTS)
    assert tested.returncode == 0, tested.stdout[-3000:]


def test_what_is_left_over_is_named_until_nothing_is(copy: Path) -> None:
    before = {path for path in copy.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    for name, text in files_of_the_page().items():
        (copy / name).write_text(text, encoding="utf-8")
    check = ("-m", "lakehouse", "check")
    assert run(copy, *check).returncode == 0
    (copy / "contracts/stock.yaml").unlink()
    left = run(copy, *check)
    assert (left.returncode, "a suite for 'stock_counts', which no contract describes." in left.stderr) == (3, True)
    for name in files_of_the_page():
        (copy / name).unlink(missing_ok=True)
    assert run(copy, *check).returncode == 0
    assert {path for path in copy.rglob("*") if path.is_file() and "__pycache__" not in path.parts} == before
