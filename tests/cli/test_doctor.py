"""`lakehouse doctor` says what is wrong with how it was asked, and does not send to `make deploy` who must log in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lakehouse.cli.main import main

NO_CREDENTIALS = "AWS tells no account here, wanted credentials of it: aws sso login, or AWS_PROFILE=…"


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with an AWS CLI that finds no credentials, and no outputs in a file."""
    command = tmp_path / "aws"
    command.write_text("#!/bin/sh\nexit 255\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name in ("LAKEHOUSE_OUTPUTS", "TF_VAR_account_id", "DRY_RUN"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["--environment", "prd"], 2, "There is no environment 'prd'; there are dev prod."),
        (["--environment", ""], 2, "There is no environment ''; there are dev prod."),
        (["--environment", "dev"], 3, NO_CREDENTIALS),
        (["--run"], 2, "--run starts a job in an account; name its environment: --environment dev."),
        (["--env", "dev"], 2, "There is no option '--env'. Did you mean '--environment'? See lakehouse doctor --help."),
    ],
)
def test_what_is_wrong_is_one_line(words: list[str], code: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", *words]) == code
    assert capsys.readouterr().err == f"error: {line}\n"


BOX = "\n".join(
    (
        "\u2577",
        '\u2502 Error: Failed to get existing workspaces: Unable to list objects in S3 bucket "state"',
        "\u2502 ",
        "\u2502 The referenced S3 bucket must have been previously created.",
        "\u2575",
    )
)


def test_of_terraforms_many_lines_the_one_that_says_what_is_wrong_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "box").write_text(BOX)
    for name, line in (("aws", "echo 123456789012"), ("terraform", f"cat {tmp_path}/box >&2; exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name in ("LAKEHOUSE_OUTPUTS", "TF_VAR_account_id", "DRY_RUN"):
        monkeypatch.delenv(name, raising=False)
    assert main(["doctor", "--environment", "dev"]) == 3
    assert capsys.readouterr().err == (
        "error: Terraform has no outputs of dev (Failed to get existing workspaces: Unable to list objects in S3 "
        'bucket "state"); run `make deploy ENV=dev` first.\n'
    )
