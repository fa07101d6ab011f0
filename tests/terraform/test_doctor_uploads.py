"""`lakehouse doctor` in an account: the files that the DAGs read, and what Terraform would change."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.runtime.doctor import report
from lakehouse.runtime.doctor_terraform import drift
from lakehouse.runtime.doctor_uploads import dag_files
from tests.terraform.checkout import Checkout
from tests.terraform.whole_account import ROOT
from tools.deploy.artifacts import files_of_dags


def test_a_file_that_the_dags_read_and_the_bucket_lacks_is_named(checkout: Checkout) -> None:
    project, bucket = Project(ROOT), checkout.outputs["artefacts_bucket"]
    for file in files_of_dags(ROOT):
        checkout.s3.put_object(Bucket=bucket, Key=file.key, Body=b"")
    assert [one.is_right for one in dag_files(project, checkout.outputs, lambda _: checkout.s3)] == [True]
    for key in ("dags/contracts/erp.yaml", "dags/lakehouse_factory/build.py"):
        checkout.s3.delete_object(Bucket=bucket, Key=key)
    (line,) = dag_files(project, checkout.outputs, lambda _: checkout.s3)
    assert line.found == "without dags/contracts/erp.yaml, dags/lakehouse_factory/build.py"
    assert line.cure == "run `make upload-dags`"


CHANGE = '{"@level": "info", "type": "planned_change", "change": {"action": "%s", "resource": {"addr": "%s"}}}'


@pytest.mark.parametrize(
    ("printed", "code", "line"),
    [
        ('{"@level": "info", "type": "version"}', 0, "ok  what Terraform would change: nothing"),
        (
            CHANGE % ("create", "module.crawler.this") + "\n" + CHANGE % ("update", "module.job.this"),
            0,
            "no  what Terraform would change: create module.crawler.this, update module.job.this; wanted nothing; look "
            "with `make terraform-plan ENV=dev`, then `make terraform-apply`",
        ),
        (
            '{"@level": "error", "type": "diagnostic", "@message": "Error: no credential"}',
            1,
            "no  what Terraform would change: Error: no credential; wanted nothing; run `make terraform-plan ENV=dev`",
        ),
        ("", 3, "ok  what Terraform would change: not looked at: terraform/ is not set to dev"),
    ],
)
def test_what_terraform_would_change_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str, code: int, line: str
) -> None:
    script = tmp_path / "tools/terraform.sh"
    script.parent.mkdir()
    (tmp_path / "printed").write_text(f"{printed}\n")
    said = "echo 'error: terraform/ is not set to dev' >&2\n" if code == 3 else ""
    script.write_text(f"#!/bin/sh\n[ \"$*\" = 'drift dev' ] || exit 9\n{said}cat {tmp_path}/printed\nexit {code}\n")
    script.chmod(0o755)
    monkeypatch.delenv("LAKEHOUSE_OUTPUTS", raising=False)
    lines: list[str] = []
    report(drift(Project(tmp_path), "dev"), lines.append)
    assert lines == [line]
    monkeypatch.setenv("LAKEHOUSE_OUTPUTS", "outputs.json")
    assert list(drift(Project(tmp_path), "dev")) == []
