"""How the Terraform files are cut: four a folder, every variable typed and described, environments alike."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
FOLDERS = sorted((*(TERRAFORM / "modules").iterdir(), *(TERRAFORM / "environments").iterdir()))
FILES = {"main.tf", "variables.tf", "outputs.tf", "versions.tf"}
# A top-level block ends at the first brace in the first column, which `terraform fmt` sees to.
BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def blocks(folder: Path, kind: str) -> dict[str, str]:
    """The variables or outputs of a folder, with the text inside."""
    text = (folder / f"{kind}s.tf").read_text(encoding="utf-8")
    return {name: body for found, name, body in BLOCK.findall(text) if found == kind}


def test_there_is_something_to_check() -> None:
    assert {"dev", "prod", "bucket", "job", "lakehouse", "plan"} <= {folder.name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_folder_has_its_four_files(folder: Path) -> None:
    assert {file.name for file in folder.glob("*.tf")} == FILES


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_variables_are_typed_and_described_and_used(folder: Path) -> None:
    variables = blocks(folder, "variable")
    assert variables
    used = "".join((folder / name).read_text(encoding="utf-8") for name in FILES)
    for name, body in variables.items():
        assert re.search(r"^  type +=", body, re.MULTILINE), name
        assert re.search(r'^  description += ".+\."$', body, re.MULTILINE), name
        assert f"var.{name}" in used, name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_outputs_are_described(folder: Path) -> None:
    outputs = blocks(folder, "output")
    assert outputs
    assert all(re.search(r'^  description += ".+\."$', body, re.MULTILINE) for body in outputs.values())


def test_environments_differ_in_values_only() -> None:
    dev, prod = (TERRAFORM / "environments" / name for name in ("dev", "prod"))
    for name in FILES - {"main.tf"}:
        assert (dev / name).read_text().replace("dev", "prod") == (prod / name).read_text(), name
    assert settings(dev) == settings(prod)


def settings(folder: Path) -> list[str]:
    """The names that an environment gives values to."""
    return re.findall(r"^  (\w+) +=", (folder / "main.tf").read_text(encoding="utf-8"), re.MULTILINE)


def test_no_account_is_named() -> None:
    for file in TERRAFORM.rglob("*.tf"):
        assert not re.search(r"\b\d{12}\b", file.read_text(encoding="utf-8")), file


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_files_are_formatted() -> None:
    command = ["terraform", f"-chdir={TERRAFORM}", "fmt", "-check", "-recursive", "-diff"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
