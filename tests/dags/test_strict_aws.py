"""The stand-in for AWS refuses what an account refuses: a job without its packages, a request that names an ACL."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.airflow.fake_aws import CODE, CURATED_BUCKET, JOB_FILES
from tools.airflow.strict_aws import PACKAGES, lacking

SCRIPT = f"{CODE}/transform.py"
ARGUMENTS = {**JOB_FILES, "--extra-jars": f"{CODE}/a.jar,{CODE}/b.jar", "--lake_root": "s3://retail-curated"}
KEYS = {f"glue_jobs/{name}" for name in ("transform.py", "a.jar", "b.jar")} | {
    path.removeprefix("s3://retail-artefacts/") for path in JOB_FILES.values()
}


def test_a_job_with_all_its_files_lacks_nothing() -> None:
    assert list(lacking(SCRIPT, ARGUMENTS, {"retail-artefacts": KEYS})) == []


@pytest.mark.parametrize("key", sorted(KEYS))
def test_each_file_that_is_not_there_is_named(key: str) -> None:
    found = list(lacking(SCRIPT, ARGUMENTS, {"retail-artefacts": KEYS - {key}}))
    assert found == [f"s3://retail-artefacts/{key} does not exist"]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_job_that_names_no_packages_is_not_launched(name: str) -> None:
    arguments = {word: value for word, value in ARGUMENTS.items() if word != name}
    assert list(lacking(SCRIPT, arguments, {"retail-artefacts": KEYS})) == [f"no {name} is named"]


def ended(aws: Any, job: str) -> tuple[str, str]:
    """How a run of a job ends: its state and Glue's message."""
    aws.glue.start_job_run(JobName=job)
    (run,) = aws.runs(job)
    return run["JobRunState"], run.get("ErrorMessage", "")


def test_a_run_without_its_packages_fails_before_its_script(aws: Any) -> None:
    aws.glue.create_job(Name="bare", Role="x", Command={"Name": "glueetl"})
    assert ended(aws, "bare") == ("FAILED", "LAUNCH ERROR | no --additional-python-modules is named")
    state, message = ended(aws, "ingest_erp")
    assert state != "FAILED"
    assert message == ""


def test_a_request_that_names_an_acl_is_refused_and_does_nothing(aws: Any) -> None:
    aws.s3.put_object(Bucket=CURATED_BUCKET, Key="a.html", Body=b"1")
    source = {"Bucket": CURATED_BUCKET, "Key": "a.html"}
    with pytest.raises(ClientError, match="AccessControlListNotSupported"):
        aws.s3.put_object(Bucket=CURATED_BUCKET, Key="docs/a.html", Body=b"1", ACL="private")
    with pytest.raises(ClientError, match="AccessControlListNotSupported"):
        aws.s3.copy_object(Bucket=CURATED_BUCKET, Key="docs/a.html", CopySource=source, ACL="private")
    assert "Contents" not in aws.s3.list_objects_v2(Bucket=CURATED_BUCKET, Prefix="docs/")
