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
case $2 in
  init) mkdir -p "$own" ;;
  output) echo "{}" ;;
  apply) [[ -n ${YES:-} ]] || read -r ;;
esac
"""
AWS = """#!/bin/bash
echo "aws $*" >>"$CALLS"
case "$*" in
  *get-caller-identity*)
    [[ ${NOBODY:-} != expired ]] || echo "The security token is expired" >&2
    [[ -z ${NOBODY:-} ]] && echo "${CREDENTIALS:-123456789012}" ;;
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
        return subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=30
        )

    def calls(self, *words: str) -> list[str]:
        """What was called, where it says one of these words."""
        calls = self.root / "calls"
        said = calls.read_text().splitlines() if calls.exists() else []
        return [line for line in said if any(word in line for word in words)]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    for name in ("dev", "prod"):
        (tmp_path / f"terraform/environments/{name}").mkdir(parents=True)
        (tmp_path / f"terraform/environments/{name}/terraform.tfvars").write_text(f'environment = "{name}"\n')
    shutil.copy(ROOT / "terraform/variables.tf", tmp_path / "terraform")
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
    other = "210987654321"
    clone.run("plan", VERSIONING="Enabled", TF_VAR_account_id=other, CREDENTIALS=other, TF_STATE_BUCKET="shared")
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


def test_an_environment_may_name_its_account_and_region(clone: Clone) -> None:
    with (clone.root / "terraform/environments/prod/terraform.tfvars").open("a") as values:
        values.write('account_id  = "210987654321"\nregion = "eu-north-1"\n')
    assert clone.run("plan", "prod", CREDENTIALS="210987654321").returncode == 0
    assert clone.calls("create-bucket --bucket retail-lakehouse-state-210987654321 --region eu-north-1")
    done = clone.run("plan", "prod")
    assert (done.returncode, done.stderr) == (
        2,
        "error: The credentials are of account 123456789012, wanted 210987654321, as TF_VAR_account_id or "
        "terraform/environments/prod/terraform.tfvars says: take others (AWS_PROFILE=…), or change that.\n",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"TF_VAR_region": "cn-north-1"}, "The region is 'cn-north-1', wanted one of AWS's commercial ones"),
        ({"TF_VAR_region": "eu-west"}, "The region is 'eu-west', wanted one of AWS's commercial ones"),
        ({"TF_VAR_account_id": "12345678901"}, "The account is '12345678901', wanted its twelve digits"),
        ({"TF_VAR_account_id": "123456789021"}, "The credentials are of account 123456789012, wanted 123456789021"),
        ({"NOBODY": "1"}, "AWS tells no account here, wanted credentials of it"),
        (
            {"NOBODY": "expired"},
            "AWS tells no account here, wanted credentials of it: aws sso login, or AWS_PROFILE=… AWS:",
        ),
        ({"TF_VAR_ops_mail": "a@b.c"}, "TF_VAR_ops_mail is set, and terraform/variables.tf has no variable ops_mail."),
        # Terraform would take the file's, and say nothing.
        ({"TF_VAR_environment": "prod"}, "TF_VAR_environment is set, and terraform/environments/dev/terraform.tfvars"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(clone: Clone, words: dict[str, str], said: str) -> None:
    done = clone.run("init", **words)
    assert done.returncode in (2, 3)
    assert done.stderr.startswith(f"error: {said}")
    assert len(done.stderr.splitlines()) == 1
    assert not clone.calls("terraform", "s3api")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('environment = "test"', "names the environment 'test', wanted 'prod', as its folder."),
        (
            'environment = "prod"\nops_emial = "a@b.c"',
            "sets ops_emial, and terraform/variables.tf has no variable of that",
        ),
    ],
)
def test_values_that_terraform_would_pass_over_are_refused(clone: Clone, line: str, said: str) -> None:
    (clone.root / "terraform/environments/prod/terraform.tfvars").write_text(f"{line}\n")
    done = clone.run("plan", "prod", VERSIONING="Enabled")
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not clone.calls("terraform")


def test_who_asks_for_outputs_changes_nothing(clone: Clone) -> None:
    clone.run("plan", "dev", VERSIONING="Enabled")
    before = sorted(clone.root.rglob("*"))
    asked = clone.run("outputs", "prod", TF_STATE_BUCKET="of-nobody")
    assert (asked.returncode, asked.stdout) == (0, "{}\n")
    assert sorted(clone.root.rglob("*")) == before
    assert (clone.root / "terraform/environment.auto.tfvars").read_text() == 'environment = "dev"\n'
    assert not clone.calls("create-bucket", " put-")
    (_, aside) = clone.calls(" init ")
    assert "-chdir=terraform " not in aside
    assert "key=retail-lakehouse/prod.tfstate" in aside
    assert not Path(aside.split("-chdir=")[1].split()[0]).exists()
    # Of the environment that terraform/ is set to, it is asked there.
    assert clone.run("outputs", "dev", VERSIONING="Enabled").returncode == 0
    assert clone.calls("terraform -chdir=terraform output -json")


def test_a_plan_for_the_doctor_locks_nothing_and_is_of_the_environment_that_is_set(clone: Clone) -> None:
    unset = clone.run("drift", "prod")
    assert (unset.returncode, "terraform/ is not set to prod" in unset.stderr) == (3, True)
    assert not clone.calls("terraform")
    clone.run("plan", "prod", VERSIONING="Enabled")
    assert clone.run("drift", "prod", VERSIONING="Enabled").returncode == 0
    assert clone.calls("terraform -chdir=terraform plan -input=false -lock=false -json")


def test_a_dry_run_says_what_is_missing_and_calls_nothing(clone: Clone) -> None:
    done = clone.run("apply", DRY_RUN="1", NOBODY="1", YES="1")
    assert done.returncode == 0
    assert "would stop  AWS tells no account here" in done.stderr
    assert done.stdout == "would run  terraform -chdir=terraform apply -auto-approve\n"
    assert clone.calls("") == ["aws sts get-caller-identity --query Account --output text"]


def test_where_nobody_can_answer_the_way_to_go_on_is_said(clone: Clone) -> None:
    done = clone.run("apply", VERSIONING="Enabled")
    assert done.returncode == 1
    assert done.stderr == "error: Where nobody can answer the question, YES=1 applies without it.\n"


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
