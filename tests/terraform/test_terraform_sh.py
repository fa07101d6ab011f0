"""What `make terraform-…` does before Terraform: the state's bucket, the account's values, no second environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
# Both write down what they are called with; AWS answers as the test's environment says.
TERRAFORM = """#!/bin/bash
echo "terraform $*" >>"$CALLS"
own="${1#-chdir=}/.terraform"
# In this file of its own Terraform keeps which workspace is selected; there is none but the default one.
if [[ -e $own/environment && $(cat "$own/environment") != default ]]; then
  echo "Currently selected workspace does not exist" >&2
  exit 1
fi
[[ $2 != init ]] || mkdir -p "$own"
"""
AWS = """#!/bin/bash
echo "aws $*" >>"$CALLS"
case "$*" in
  *get-caller-identity*) echo 123456789012 ;;
  *head-bucket*) [[ -n ${VERSIONING:-} ]] ;;
  *get-bucket-versioning*) echo "$VERSIONING" ;;
  *get-database*) [[ -n ${SILVER:-} ]] ;;
  *get-tags*) echo "$SILVER" ;;
esac
"""


@dataclass(frozen=True)
class Clone:
    """A repository of the script and two environments, with `aws` and `terraform` that only say yes."""

    root: Path

    def run(self, what: str, environment: str = "dev", **words: str) -> subprocess.CompletedProcess[str]:
        """Run the script as the Makefile does."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_", "DRY_RUN"))}
        env = {**kept, "PATH": f"{self.root}/bin:{kept['PATH']}", "CALLS": str(self.root / "calls"), **words}
        command = [str(self.root / "tools/terraform.sh"), what, environment]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=30)

    def calls(self, *words: str) -> list[str]:
        """What was called, where it says one of these words."""
        said = (self.root / "calls").read_text().splitlines()
        return [line for line in said if any(word in line for word in words)]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    for name in ("dev", "prod"):
        (tmp_path / f"terraform/environments/{name}").mkdir(parents=True)
        (tmp_path / f"terraform/environments/{name}/terraform.tfvars").write_text(f'environment = "{name}"\n')
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/terraform.sh", tmp_path / "tools")
    (tmp_path / "bin").mkdir()
    for name, text in (("aws", AWS), ("terraform", TERRAFORM)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return Clone(tmp_path)


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ({}, ["create-bucket", "put-public-access-block", "put-bucket-versioning"]),
        # It was made, and what makes it safe was not: the connection broke, or a right was missing.
        ({"VERSIONING": "None"}, ["put-public-access-block", "put-bucket-versioning"]),
        ({"VERSIONING": "Enabled"}, []),
        ({"VERSIONING": "None", "TF_STATE_BUCKET": "of-the-whole-company"}, []),
    ],
    ids=["none", "half", "whole", "of others"],
)
def test_the_bucket_of_the_state_is_made_to_its_end(clone: Clone, state: dict[str, str], wanted: list[str]) -> None:
    assert clone.run("init", **state).returncode == 0
    assert [call.split()[2] for call in clone.calls("create-bucket", " put-")] == wanted


def test_a_call_by_hand_has_the_account_and_region_of_the_state(clone: Clone) -> None:
    clone.run("init", VERSIONING="Enabled", TF_VAR_region="eu-north-1")
    values = clone.root / "terraform/account.auto.tfvars"
    assert values.read_text() == f'account_id = "{ACCOUNT}"\nregion     = "eu-north-1"\n'
    # Another region or account is another state, so terraform/ is set to it first.
    clone.run("plan", VERSIONING="Enabled", TF_VAR_region="eu-west-1")
    assert 'region     = "eu-west-1"' in values.read_text()
    clone.run("plan", VERSIONING="Enabled", TF_VAR_account_id="210987654321", TF_STATE_BUCKET="shared")
    clone.run("plan", VERSIONING="Enabled", TF_VAR_account_id=ACCOUNT, TF_STATE_BUCKET="shared")
    assert f'account_id = "{ACCOUNT}"' in values.read_text()
    assert len(clone.calls("terraform -chdir=terraform init")) == 4


def test_one_clone_goes_from_an_environment_to_another_and_back(clone: Clone) -> None:
    for number, environment in enumerate(("dev", "dev", "prod", "dev"), 1):
        done = clone.run("plan", environment, VERSIONING="Enabled")
        assert done.returncode == 0, f"call {number}: {done.stderr}"
        values = clone.root / "terraform/environment.auto.tfvars"
        assert values.read_text() == f'environment = "{environment}"\n'
    assert len(clone.calls("terraform -chdir=terraform init")) == 3


@pytest.mark.parametrize("what", ["plan", "apply"])
@pytest.mark.parametrize(("silver", "of"), [("dev", "dev"), ("None", "somebody else")])
def test_an_account_that_has_another_environment_is_left_alone(clone: Clone, what: str, silver: str, of: str) -> None:
    done = clone.run(what, "prod", VERSIONING="Enabled", SILVER=silver)
    assert done.returncode == 3
    assert done.stderr == (
        f"error: The account has a database silver of {of}, wanted none or that of prod: an account holds one "
        "environment; take another account, or destroy that one first.\n"
    )
    assert not clone.calls(f"terraform -chdir=terraform {what}")


@pytest.mark.parametrize("silver", ["", "prod"])
def test_an_account_that_is_empty_or_has_this_environment_is_taken(clone: Clone, silver: str) -> None:
    assert clone.run("apply", "prod", VERSIONING="Enabled", SILVER=silver, YES="1").returncode == 0
    assert clone.calls("terraform -chdir=terraform apply -auto-approve")
