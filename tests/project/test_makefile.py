"""The Makefile keeps the targets that people were promised, lists all of them, and hides no failure."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMISED = (
    "setup", "local-run", "test", "check", "format", "samples", "docs", "reference", "airflow", "clean", "check-mwaa",
    "check-terraform", "test-airflow", "test-changed", "test-cluster", "test-contracts", "test-crash",
    "mutants", "test-deliveries", "test-docs", "test-foreign", "test-kinds", "test-layout", "test-lineage",
    "test-model", "test-policy", "test-quality", "test-rivals", "test-rollback", "test-s3", "test-s3-drivers",
    "test-trino", "test-twin", "test-twin-days", "twin",
    "bench", "bench-ingest", "bench-layout", "bench-marts", "bench-quality", "bench-scale", "bench-year", "package",
    "jar", "lineage-jar",
    "upload-jobs", "package-dbt", "deploy", "update-airflow", "upload-dags", "upload-dbt-docs", "terraform-init",
    "terraform-plan", "terraform-apply",
)  # fmt: skip
BROKEN_RULE = """#!/bin/sh
echo "lakehouse.contracts is not allowed to import pyspark"
echo "Contracts: 2 kept, 1 broken."
exit 1
"""


def make(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run make, as if no other make had started it."""
    clean = ["env", "-u", "MAKEFLAGS", "-u", "MFLAGS", "-u", "MAKELEVEL", "make", *words]
    return subprocess.run(clean, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def listed() -> str:
    """What `make` alone prints."""
    return make().stdout


def test_the_list_has_four_groups_and_every_promised_target(listed: str) -> None:
    heads = [line.split(" (")[0] for line in listed.splitlines() if line and not line.startswith(" ")]
    assert heads == ["Every day", "Slow suites", "Measure", "AWS"]
    names = re.findall(r"^  make (\S+) +\S", listed, re.MULTILINE)
    assert sorted(names) == sorted({*PROMISED, "help"})


@pytest.mark.parametrize("target", PROMISED)
def test_a_promised_target_has_a_recipe(target: str) -> None:
    done = make("--dry-run", target)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if "tools/setup.sh" not in line] or target == "setup"


def test_a_slow_suite_is_a_marker_that_the_default_run_leaves_out(listed: str) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    markers = dict(line.split(": ", 1) for line in settings["markers"])
    assert settings["addopts"][-1] == " and ".join(f"not {name}" for name in markers)
    for name, sentence in markers.items():
        target = f"test-{name.replace('_', '-')}"
        assert re.search(rf"^  make {target} +{re.escape(sentence)}$", listed, re.MULTILINE)
        command = make("--dry-run", target).stdout.splitlines()[-1]
        assert f" -m {name} " in command
        assert make("--dry-run", target).stdout.count(".venv/bin/python -m pytest") == 1


def test_a_broken_rule_of_the_rooms_fails_lint_and_is_shown_whole(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    for stub in (tmp_path / "tools" / "setup.sh", bin_folder / "python", bin_folder / "lint-imports"):
        stub.write_text("#!/bin/sh\necho quiet >&2\n", encoding="utf-8")
        stub.chmod(0o755)
    kept = make("lint", folder=tmp_path)
    assert (kept.returncode, kept.stdout) == (0, "")
    (bin_folder / "lint-imports").write_text(BROKEN_RULE, encoding="utf-8")
    broken = make("lint", folder=tmp_path)
    assert broken.returncode != 0
    assert "not allowed to import pyspark" in broken.stdout
