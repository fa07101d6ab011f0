"""MWAA takes what was uploaded: asked for once, waited for, and with a library whose version says what it holds."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import EXIT_TERMINAL, EXIT_TRANSIENT
from tests.terraform.checkout import Checkout, write_wheel
from tools.deploy import artifacts, deploy, mwaa

NAME = "retail-lakehouse-dev"


class FakeMwaa:
    """One environment that goes through the states given, one at each look, and keeps what it was asked for."""

    def __init__(self, *states: str, ends: str = "SUCCESS") -> None:
        self.states, self.ends = list(states) or ["AVAILABLE"], ends
        self.files: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []

    def get_environment(self, Name: str) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        last = {"Status": self.ends, "Error": {"ErrorMessage": "pip failed"}} if self.asked else {}
        return {"Environment": {"Name": Name, "Status": state, "LastUpdate": last, **self.files}}

    def update_environment(self, Name: str, **words: str) -> None:
        self.asked.append(words)
        self.files |= {word: value for word, value in words.items() if "S3" in word}


def run(checkout: Checkout, target: str, airflow: FakeMwaa) -> None:
    given = deploy.Deployment(checkout.outputs, checkout.s3, False, checkout.lake, checkout.root, airflow)
    deploy.TARGETS[target](given)


def test_a_fresh_environment_is_asked_for_its_packages_once(checkout: Checkout) -> None:
    airflow = FakeMwaa()
    run(checkout, "upload-dags", airflow)
    run(checkout, "upload-dags", airflow)
    (asked,) = airflow.asked
    assert asked["WorkerReplacementStrategy"] == "GRACEFUL"
    for kind, name in (
        ("Requirements", "requirements.txt"),
        ("Plugins", "plugins.zip"),
        ("StartupScript", "startup.sh"),
    ):
        head = checkout.s3.head_object(Bucket=checkout.outputs["artefacts_bucket"], Key=f"mwaa/{name}")
        assert (asked[f"{kind}S3Path"], asked[f"{kind}S3ObjectVersion"]) == (f"mwaa/{name}", head["VersionId"])


def test_new_code_under_an_old_version_asks_for_an_update(checkout: Checkout) -> None:
    airflow = FakeMwaa()
    run(checkout, "upload-dags", airflow)
    write_wheel(checkout.root, "code = 2")
    run(checkout, "upload-dags", airflow)
    first, second = airflow.asked
    for kind in ("Requirements", "Plugins"):
        assert first[f"{kind}S3ObjectVersion"] != second[f"{kind}S3ObjectVersion"]
    assert first["StartupScriptS3ObjectVersion"] == second["StartupScriptS3ObjectVersion"]


def test_the_requirements_name_the_wheel_where_plugins_zip_puts_it(checkout: Checkout) -> None:
    files = {artifact.key: artifact.body for artifact in artifacts.files_of_mwaa(checkout.root)}
    (wheel,) = zipfile.ZipFile(BytesIO(files["mwaa/plugins.zip"])).namelist()
    assert f"\n/usr/local/airflow/plugins/{wheel}\n" in files["mwaa/requirements.txt"].decode()
    assert not [file.key for file in artifacts.files_of_dags(checkout.root) if file.key.endswith(".whl")]


def test_a_wheel_marked_by_its_content_installs_under_its_name(checkout: Checkout, tmp_path: Path) -> None:
    files = {artifact.key: artifact.body for artifact in artifacts.files_of_mwaa(checkout.root)}
    with zipfile.ZipFile(BytesIO(files["mwaa/plugins.zip"])) as plugins:
        plugins.extractall(tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    words = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(tmp_path / "there"), str(wheel)]
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (info,) = (tmp_path / "there").glob("*.dist-info")
    assert wheel.name.startswith(info.name.removesuffix(".dist-info"))
    assert (tmp_path / "there/lakehouse/__init__.py").read_text() == "code = 1"


def test_update_airflow_waits_until_mwaa_is_available(
    checkout: Checkout,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(checkout, "upload-dags", FakeMwaa())
    capsys.readouterr()
    slept: list[float] = []
    airflow = FakeMwaa("CREATING", "AVAILABLE", "AVAILABLE", "UPDATING", "AVAILABLE")
    wanted = mwaa.uploaded(checkout.s3, checkout.outputs["artefacts_bucket"], "mwaa")
    mwaa.settle(airflow, NAME, wanted, print, slept.append)
    assert len(airflow.asked) == 1
    assert slept == [30, 30]
    said = capsys.readouterr().out
    assert [word for word in said.split() if word in ("CREATING", "UPDATING", "AVAILABLE")] == [
        "CREATING",
        "AVAILABLE",
        "UPDATING",
        "AVAILABLE",
    ]


@pytest.mark.parametrize(
    ("airflow", "code", "words"),
    [
        (FakeMwaa("CREATE_FAILED"), EXIT_TERMINAL, "is CREATE_FAILED"),
        (FakeMwaa("AVAILABLE", ends="FAILED"), EXIT_TERMINAL, "(pip failed)"),
        (FakeMwaa("UPDATING"), EXIT_TRANSIENT, "still UPDATING after 90 minutes"),
    ],
    ids=["never made", "update undone", "no end"],
)
def test_an_update_that_fails_is_said(airflow: FakeMwaa, code: int, words: str) -> None:
    wanted = {f"{kind}S3ObjectVersion": "2" for kind in ("Requirements", "Plugins", "StartupScript")}
    with pytest.raises((mwaa.AirflowFailedError, mwaa.AirflowBusyError)) as raised:
        mwaa.settle(airflow, NAME, wanted, lambda _: None, lambda _: None)
    assert raised.value.exit_code == code
    assert words in str(raised.value)
