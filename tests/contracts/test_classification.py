"""A column's classification: what is not known to be open is masked, by the library and by Terraform alike."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lakehouse.contracts.classification import is_known, is_personal, known_words
from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import load_contracts

PLAN = Path(__file__).parents[2] / "terraform" / "modules" / "plan"
WORDS = {
    "PII": True, "pii": True, " Pii ": True, "confidential": True, "Restricted": True, "sensitive": True, "3": True,
    "geheim": True, "r&d": True, "publicly known": True, "public": False, "Public": False, "INTERNAL": False,
    None: False,
}  # fmt: skip
"""Each as it may stand in a contract, and whether the column is masked."""


@pytest.mark.parametrize(("word", "masked"), WORDS.items())
def test_only_open_words_show_values(word: str | None, masked: bool) -> None:
    assert is_personal(word) == masked


def test_no_word_is_on_both_lists() -> None:
    words = known_words()
    assert not set(words["open"]) & set(words["personal"])
    assert all(is_known(word.upper()) for found in words.values() for word in found)
    assert all(word == word.strip().lower() for found in words.values() for word in found)
    assert not is_known("geheim")


def write(project: Project, folder: Path) -> Path:
    """A repository whose one contract has a column for each word, and a struct with a field that is personal."""
    lines = (project.root / "contracts/products.yaml").read_text(encoding="utf-8").splitlines()
    for number, word in enumerate(WORDS):
        line = f", classification: {json.dumps(word)}" if word is not None else ""
        lines.append(f"      - {{name: c{number}, physicalType: string, description: C{line}}}")
    fields = '{name: a, physicalType: string, description: \'A "classification":"x"\', classification: public}, '
    for name, word in (("open_struct", "internal"), ("closed_struct", "PII")):
        inner = f"{{name: b, physicalType: string, description: B, classification: {word}}}"
        lines.append(f"      - {{name: {name}, physicalType: struct, description: S, properties: [{fields}{inner}]}}")
    (folder / "contracts").mkdir()
    (folder / "contracts/products.yaml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_struct_is_personal_with_one_of_its_fields(project: Project, tmp_path: Path) -> None:
    contracts = load_contracts(write(project, tmp_path) / "contracts")
    wanted = {f"c{number}" for number, masked in enumerate(WORDS.values()) if masked} | {"closed_struct"}
    assert contracts.dataset("products").pii_columns == wanted


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraform_takes_the_same_columns_for_personal(project: Project, tmp_path: Path) -> None:
    repository, module = write(project, tmp_path), tmp_path / "module"
    room = "glue_jobs/lakehouse/contracts"
    (repository / room).mkdir(parents=True)
    shutil.copy(project.root / room / "classifications.json", repository / room)
    shutil.copytree(PLAN, module, ignore=shutil.ignore_patterns(".terraform*"))
    done = subprocess.run(
        ["terraform", f"-chdir={module}", "console", f"-var=repository={repository}"],
        input="jsonencode(local.personal)", env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    hidden = {name: set(columns) for name, columns in json.loads(json.loads(done.stdout)).items()}
    contracts = load_contracts(repository / "contracts")
    assert hidden == {d.name: set(d.pii_columns) for d in contracts.datasets if d.pii_columns}
