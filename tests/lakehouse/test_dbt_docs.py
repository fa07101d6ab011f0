"""dbt's docs go to the curated bucket, the page last, each with its type."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lakehouse.cli import main


def test_docs_are_copied_to_the_curated_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    command = ["upload-docs", "--lake", str(tmp_path), "--to", "s3://lake"]
    assert main(command) == 3
    assert "No dbt docs in" in capsys.readouterr().err
    folder = tmp_path / "curated" / "docs" / "dbt"
    folder.mkdir(parents=True)
    for name in ("index.html", "manifest.json", "catalog.json"):
        (folder / name).write_text(name)
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="lake")
        for _ in range(2):
            assert main(command) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "s3://lake/curated/docs/dbt/index.html"
        found = {item["Key"] for item in s3.list_objects_v2(Bucket="lake")["Contents"]}
        assert found == {f"curated/docs/dbt/{name}" for name in ("index.html", "manifest.json", "catalog.json")}
        assert s3.head_object(Bucket="lake", Key="curated/docs/dbt/index.html")["ContentType"] == "text/html"
    assert main(["upload-docs", "--lake", str(tmp_path), "--to", "elsewhere"]) == 2
