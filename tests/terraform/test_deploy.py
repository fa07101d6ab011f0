"""What the Makefile uploads, put into moto: every path that a job, MWAA or a crawler names is there; twice is once."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import EXIT_TERMINAL
from tests.terraform.checkout import PAGES, Checkout
from tools.deploy import artifacts, deploy
from tools.deploy.upload import Artifact, Upload, upload

ROOT = Path(__file__).resolve().parents[2]
UPLOADS = sorted(set(deploy.TARGETS) - {"update-airflow"})


def test_every_path_that_something_names_is_there(checkout: Checkout, applied_dev: Any) -> None:
    for target in UPLOADS:
        checkout.run(target)
    uploaded = {f"s3://{checkout.outputs['artefacts_bucket']}/{key}" for key in checkout.keys("artefacts_bucket")}
    for job in applied_dev.jobs.values():
        arguments = job["default_arguments"]
        named = [job["command"][0]["script_location"], arguments["--extra-files"], arguments["--extra-py-files"]]
        assert {*named, arguments["--additional-python-modules"]} <= uploaded
    (airflow,) = applied_dev.of_type("aws_mwaa_environment")
    assert airflow["source_bucket_arn"].endswith(checkout.outputs["artefacts_bucket"])
    keys = set(checkout.keys("artefacts_bucket"))
    paths = {airflow[f"{file}_s3_path"] for file in ("requirements", "startup_script", "plugins")}
    assert len(paths) == 3
    assert paths <= keys
    dags = f"{airflow['dag_s3_path']}/"
    assert {f"{dags}lakehouse_dags.py", f"{dags}contracts/erp.yaml", f"{dags}lakehouse_factory/build.py"} <= keys
    for crawler in applied_dev.of_type("aws_glue_crawler"):
        assert crawler["s3_target"][0]["path"].split("/")[2] == checkout.outputs["raw_bucket"]
    assert {f"curated/docs/dbt/{name}" for name in PAGES} == set(checkout.keys("curated_bucket"))


@pytest.mark.parametrize("target", UPLOADS)
def test_a_second_time_writes_nothing(checkout: Checkout, target: str, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.run(target)
    before = {bucket: versions(checkout, bucket) for bucket in ("artefacts_bucket", "curated_bucket")}
    assert any(before.values())
    capsys.readouterr()
    checkout.run(target)
    assert before == {bucket: versions(checkout, bucket) for bucket in before}
    said = capsys.readouterr().out
    assert "0 written" in said
    assert "upload " not in said


def versions(checkout: Checkout, bucket: str) -> list[tuple[str, str]]:
    """Every version of every object, the removed ones too."""
    listed = checkout.s3.list_object_versions(Bucket=checkout.outputs[bucket])
    return [(v["Key"], v["VersionId"]) for v in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ()))]


@pytest.mark.parametrize("target", UPLOADS)
def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    checkout: Checkout, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.run(target, dry_run=True)
    assert "would upload" in capsys.readouterr().out
    assert not checkout.keys("artefacts_bucket")
    assert not checkout.keys("curated_bucket")


def test_a_dag_that_is_gone_here_goes_there_too_and_nothing_else(checkout: Checkout) -> None:
    bucket = checkout.outputs["artefacts_bucket"]
    for key in ("dags/contracts/returns.yaml", "dags_of_others/a.py", "mwaa/kept"):
        checkout.s3.put_object(Bucket=bucket, Key=key, Body=b"old")
    checkout.run("upload-dags")
    keys = set(checkout.keys("artefacts_bucket"))
    assert "dags/contracts/returns.yaml" not in keys
    assert {"dags_of_others/a.py", "mwaa/kept"} <= keys


def test_a_change_is_written_and_mwaa_is_spoken_of(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.run("upload-dags")
    said = capsys.readouterr().out
    assert f"aws mwaa update-environment --name {checkout.outputs['airflow_environment']}" in said
    changed = Artifact("dags/lakehouse_dags.py", b"changed")
    done = upload(checkout.s3, Upload(checkout.outputs["artefacts_bucket"], (changed,)), print)
    assert (done.written, done.removed) == (("dags/lakehouse_dags.py",), ())


def test_the_project_archive_holds_what_a_job_looks_for(checkout: Checkout) -> None:
    (archive,) = artifacts.files_of_project(checkout.root)
    assert archive == artifacts.files_of_project(checkout.root)[0], "the same files give the same bytes"
    names = zipfile.ZipFile(io.BytesIO(archive.body)).namelist()
    assert {"contracts/erp.yaml", "dbt/dbt_project.yml", "great_expectations/great_expectations.yml"} <= set(names)
    assert not [name for name in names if "target/" in name or "__pycache__" in name]


def test_without_outputs_or_a_wheel_one_line_says_what_to_do(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    named = tmp_path / "outputs.json"
    monkeypatch.setenv("LAKEHOUSE_OUTPUTS", str(named))
    assert deploy.main(["upload-jobs"]) == EXIT_TERMINAL
    assert "run `make deploy ENV=dev` first" in capsys.readouterr().err
    next((checkout.root / "dist").iterdir()).unlink()
    with pytest.raises(artifacts.NotBuiltError, match="run `make package` first"):
        checkout.run("upload-jobs")
