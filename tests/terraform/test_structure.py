"""How the Terraform files are cut: four a folder, every variable typed and described, an environment no more than its
values, and the Makefile's words are those of the files.

The files are parsed by python-hcl2; what they would make, others test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import hcl2
import pytest

ROOT = Path(__file__).resolve().parents[2]
TERRAFORM = ROOT / "terraform"
FOLDERS = sorted((*(TERRAFORM / "modules").iterdir(), TERRAFORM))
FILES = {"main.tf", "variables.tf", "outputs.tf", "versions.tf"}


def parsed(file: Path) -> dict[str, list[dict[str, Any]]]:
    """A file's blocks by kind."""
    with file.open(encoding="utf-8") as opened:
        return dict(hcl2.load(opened))


def blocks(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    """The variables or outputs of a folder."""
    found = parsed(folder / f"{kind}s.tf").get(kind, [])
    return {_bare(name): body for block in found for name, body in block.items() if not name.startswith("__")}


def _bare(word: Any) -> str:
    return str(word).strip('"')


def test_there_is_something_to_check() -> None:
    assert {"airflow", "bucket", "job", "plan", "role", "terraform"} <= {folder.name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_folder_has_its_four_files(folder: Path) -> None:
    assert {file.name for file in folder.glob("*.tf")} == FILES
    for name in FILES:
        assert len((folder / name).read_text(encoding="utf-8").splitlines()) <= 250, name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_variables_are_typed_and_described_and_used(folder: Path) -> None:
    variables = blocks(folder, "variable")
    assert variables
    used = "".join((folder / name).read_text(encoding="utf-8") for name in FILES)
    for name, body in variables.items():
        assert body.get("type"), name
        assert _bare(body["description"]).endswith("."), name
        assert re.search(rf"\bvar\.{name}\b", used), name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_outputs_are_described(folder: Path) -> None:
    outputs = blocks(folder, "output")
    assert outputs
    assert all(_bare(body["description"]).endswith(".") for body in outputs.values())


def test_environments_differ_in_values_only() -> None:
    dev, prod = (settings(name) for name in ("dev", "prod"))
    assert set(dev) == set(prod) <= set(blocks(TERRAFORM, "variable"))
    assert all(dev[name] != prod[name] for name in dev)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_an_environment_is_its_values(name: str) -> None:
    assert [file.name for file in (TERRAFORM / "environments" / name).iterdir()] == ["terraform.tfvars"]
    assert _bare(settings(name)["environment"]) == name


def settings(environment: str) -> dict[str, Any]:
    """What an environment gives values to."""
    values = parsed(TERRAFORM / "environments" / environment / "terraform.tfvars")
    return {name: value for name, value in values.items() if not name.startswith("__")}


def test_the_state_lies_in_s3_with_its_native_lock() -> None:
    (terraform,) = parsed(TERRAFORM / "versions.tf")["terraform"]
    (backend,) = terraform["backend"]
    (s3,) = (body for name, body in backend.items() if _bare(name) == "s3")
    assert s3["use_lockfile"] is True
    assert "dynamodb_table" not in s3


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_each_environment_has_a_state_of_its_own(name: str) -> None:
    said = terraform_sh("init", name)
    assert said.returncode == 0, said.stderr
    assert "terraform -chdir=terraform init " in said.stdout
    assert f"-backend-config=key=retail-lakehouse/{name}.tfstate\n" in said.stdout
    # The values that terraform/ has from then on are those of the same environment.
    assert said.stdout.endswith(f"environments/{name}/terraform.tfvars terraform/environment.auto.tfvars\n")


def test_a_folder_without_values_is_no_environment() -> None:
    said = terraform_sh("plan", "shared")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == "error: There is no environment 'shared'; there are dev prod.\n"


def terraform_sh(*words: str) -> subprocess.CompletedProcess[str]:
    """What the Makefile's script would run."""
    env = {**os.environ, "DRY_RUN": "1", "TF_VAR_account_id": "123456789012"}
    command = [str(ROOT / "tools/terraform.sh"), *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_the_makefile_and_its_tools_speak_of_outputs_and_variables_that_are_there() -> None:
    outputs = set(blocks(TERRAFORM, "output"))
    deploy = (ROOT / "tools/deploy/deploy.py").read_text(encoding="utf-8")
    asked = set(re.findall(r'outputs\["(\w+)"\]|send\(\s*"(\w+)"', deploy))
    names = {name for pair in asked for name in pair if name}
    assert {"artefacts_bucket", "curated_bucket", "jars"} <= names <= outputs
    variables = set(blocks(TERRAFORM, "variable"))
    words = (ROOT / "tools/terraform.sh").read_text(encoding="utf-8")
    assert {"account_id", "region"} <= set(re.findall(r"TF_VAR_(\w+)", words)) <= variables
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"tools/terraform\.sh (\w+)", makefile)) == {"init", "plan", "apply"}


def test_no_account_is_named() -> None:
    for file in TERRAFORM.rglob("*.tf"):
        assert not re.search(r"\b\d{12}\b", file.read_text(encoding="utf-8")), file


def test_every_exception_from_checkov_has_its_reason() -> None:
    skips = [
        line.strip()
        for file in TERRAFORM.rglob("*.tf")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "checkov:skip" in line
    ]
    assert skips
    assert all(re.fullmatch(r"# checkov:skip=CKV2?_AWS_\d+:.{20,}\.", line) for line in skips)


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_files_are_formatted() -> None:
    command = ["terraform", f"-chdir={TERRAFORM}", "fmt", "-check", "-recursive", "-diff"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
