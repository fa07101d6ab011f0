"""A person follows `docs/cloud.md` in a fresh clone, twice, against an account that moto stands in for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.terraform import aws_stand_in
from tools.twin.offline import ACCOUNT

pytestmark = [pytest.mark.docs, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/cloud.md"


# What the provider's stand-in does not say even after it has made a thing, so that terraform asks again.
UNKNOWN = {"dns_entry", "last_updated", "regional_nat_gateway_address"}


def changed_values(said: str) -> set[str]:
    """The values that plans of changes name: added, removed or another."""
    return set(re.findall(r"^ +[-+~] (\w+) +=", said, re.M))


def blocks_of(page: str) -> list[str]:
    """The blocks under "Make it" whose lines are commands of this project."""
    section = page.split("\n## Make it\n", 1)[1].split("\n## ", 1)[0]
    blocks = [re.sub(r"^ +", "", block, flags=re.M) for block in re.findall(r"```text\n(.*?)```", section, re.S)]
    return [block for block in blocks if block.startswith("make ")]


@dataclass(frozen=True)
class Reader:
    """Somebody in a fresh clone, with the account's credentials."""

    clone: Path
    words: dict[str, str]
    airflow: aws_stand_in.AirflowServer
    s3: Any
    outputs: dict[str, Any]

    def follow(self, block: str) -> str:
        """Type the lines of a block into one shell, answering yes where one asks; returns what they print."""
        lines = [f"{line} <<<yes" if line.startswith("make ") else line for line in block.splitlines()]
        script = "\n".join(["set -e", *lines, 'echo "buckets: ${RAW_BUCKET-} ${CURATED_BUCKET-}"'])
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.clone, env=self.words, text=True, timeout=600, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:]
        return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)

    def versions(self) -> set[tuple[str, str, str]]:
        """Every version of every object in the project's buckets."""
        buckets = [bucket for name, bucket in self.outputs.items() if name.endswith("_bucket")]
        pages = [page for b in buckets for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=b)]
        return {(p["Name"], v["Key"], v["VersionId"]) for p in pages for v in p.get("Versions", ())}


@pytest.fixture
def reader(
    applied_dev: Any, check: Callable[..., str], copy_of_repository: Callable[[], Path], tmp_path: Path
) -> Iterator[Reader]:
    """A fresh clone; the buckets that terraform's stand-in only says to make are there."""
    for tool in ("aws", "mvn"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    # It builds the provider where that is not kept; the plan of dev may be.
    check(copy_of_repository(), "dev", "validate")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    # What `make setup` fetches, the same for every clone; whatever else a target needs it makes itself.
    for fetched in (".venv", ".cache"):
        (clone / fetched).symlink_to(ROOT / fetched, target_is_directory=True)
    left_out = ("AWS_", "TF_", "MAKE", "MFLAGS", "LAKEHOUSE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    with aws_stand_in.account(tmp_path) as (words, airflow):
        s3 = boto3.client(
            "s3", region_name="eu-west-1", endpoint_url=words["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing", aws_secret_access_key="testing",
        )  # fmt: skip
        for bucket in (bucket for name, bucket in applied_dev.outputs.items() if name.endswith("_bucket")):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        python_path = {"PYTHONPATH": str(clone / "glue_jobs")}
        yield Reader(clone, {**kept, **words, **python_path}, airflow, s3, applied_dev.outputs)


def test_the_lines_of_the_page_deploy_and_do_nothing_the_second_time(reader: Reader) -> None:
    at_once, by_steps = blocks_of(PAGE.read_text(encoding="utf-8"))
    first = reader.follow(by_steps)
    assert f"buckets: {reader.outputs['raw_bucket']} {reader.outputs['curated_bucket']}\n" in first
    assert "Apply complete! Resources: 0 added" not in first
    (update,) = reader.airflow.asked
    uploaded = reader.versions()
    keys = {key for _, key, _ in uploaded}
    assert {update[f"{kind}S3Path"] for kind in ("Requirements", "Plugins", "StartupScript")} <= keys
    assert {"dags/lakehouse_dags.py", "glue_jobs/lakehouse_project.zip", "curated/docs/dbt/index.html"} <= keys

    for again in (by_steps, at_once):
        said = reader.follow(again)
        assert re.search(r"Apply complete! Resources: 0 added, \d+ changed, 0 destroyed\.", said)
        assert changed_values(said) <= UNKNOWN
        assert reader.versions() == uploaded
        assert reader.airflow.asked == [update]


def test_one_clone_plans_one_environment_after_the_other(reader: Reader) -> None:
    for environment in ("dev", "prod", "dev", "dev"):
        said = reader.follow(f"make terraform-plan ENV={environment}")
        named = set(re.findall(r"retail-lakehouse-(dev|prod)-landing", said)) or set(
            re.findall(r'"environment" += "(\w+)"', said)
        )
        assert named == {environment}


def test_who_asks_for_outputs_elsewhere_leaves_no_trace(reader: Reader) -> None:
    ask = [str(reader.clone / "tools/terraform.sh"), "outputs", "prod"]
    none = subprocess.run(ask, env=reader.words, capture_output=True, text=True, check=False, timeout=120)
    assert (none.returncode, "Error: " in none.stderr) == (1, True), none.stderr
    bucket = f"retail-lakehouse-state-{ACCOUNT}"
    assert not [one for one in reader.s3.list_buckets()["Buckets"] if one["Name"] == bucket]
    reader.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    outputs = {"raw_bucket": {"value": "its-raw-bucket", "type": "string"}}
    state = {
        "version": 4,
        "terraform_version": "1.11.0",
        "serial": 1,
        "lineage": "a",
        "outputs": outputs,
        "resources": [],
    }
    reader.s3.put_object(Bucket=bucket, Key="retail-lakehouse/prod.tfstate", Body=json.dumps(state).encode())
    there = subprocess.run(ask, env=reader.words, capture_output=True, text=True, check=False, timeout=120)
    assert json.loads(there.stdout)["raw_bucket"]["value"] == "its-raw-bucket", there.stderr
    assert not list((reader.clone / "terraform").glob("*.auto.tfvars"))


def test_the_bucket_of_the_state_goes_with_its_versions(tmp_path: Path) -> None:
    if shutil.which("aws") is None:
        pytest.skip("aws is not installed")
    section = PAGE.read_text(encoding="utf-8").split("\n## Tear it down\n", 1)[1]
    (block,) = re.findall(r"```text\n(.*?)```", section, re.S)
    bucket = f"retail-lakehouse-state-{ACCOUNT}"
    with aws_stand_in.account(tmp_path) as (words, _):
        s3 = boto3.client(
            "s3", region_name="eu-west-1", endpoint_url=words["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing", aws_secret_access_key="testing",
        )  # fmt: skip
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for state in (b"1", b"2"):
            s3.put_object(Bucket=bucket, Key="retail-lakehouse/dev.tfstate", Body=state)
        s3.delete_object(Bucket=bucket, Key="retail-lakehouse/dev.tfstate.tflock")
        env = {**os.environ, **words, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
        done = subprocess.run(["bash", "-ec", block], env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert not [one for one in s3.list_buckets()["Buckets"] if one["Name"] == bucket]
