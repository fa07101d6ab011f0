"""Airflow in processes of its own, so that its settings and logging reach no other test."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.athena.models import athena_backends
from moto.glue.models import glue_backends
from moto.s3.models import s3_backends

from lakehouse.contracts.reader import load_contracts
from tests.dags.airflow_home import DAGS, HERE, ROOT, clean_environment
from tests.dags.conversation import Conversation, talking
from tools.airflow.fake_aws import Cloud, furnish, serving, surroundings

Script = Callable[..., Any]


@pytest.fixture(scope="session")
def run_script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    """Runs a script beside the tests under a fresh Airflow home and returns the JSON of its last line."""

    def run(name: str, *args: str, **variables: str) -> Any:
        env = clean_environment(tmp_path_factory.mktemp("airflow")) | variables
        command = [sys.executable, str(HERE / name), *args]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture(scope="session")
def bag(run_script: Script) -> dict[str, Any]:
    """What the DAG folder holds, loaded with no database that could be read."""
    no_database = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////nowhere/airflow.db"}
    report: dict[str, Any] = run_script("bag_report.py", str(DAGS), **no_database)
    return report


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    """One moto server for all tests; it runs in this process."""
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def aws_variables(moto_address: str) -> dict[str, str]:
    """What leads an unmodified process to moto, and the two Airflow Variables of the DAGs."""
    return surroundings(moto_address)


@pytest.fixture(scope="session")
def clients(moto_address: str) -> Cloud:
    """The clients of all tests: to make one takes longer than what a test asks of it."""
    return Cloud.at(moto_address)


@pytest.fixture
def aws(clients: Cloud) -> Cloud:
    """AWS as Terraform leaves it, new for each test."""
    return new_aws(clients)


@pytest.fixture(scope="module")
def aws_of_module(clients: Cloud) -> Cloud:
    """AWS as Terraform leaves it, for all tests of a module."""
    return new_aws(clients)


def new_aws(clients: Cloud) -> Cloud:
    """Nothing but what Terraform makes."""
    for backends in (s3_backends, glue_backends, athena_backends):
        backends.reset()
    furnish(clients, load_contracts(ROOT / "contracts"))
    return clients


@pytest.fixture(scope="session")
def landing_answers(aws_variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    """Asks the sensor of the landing what it does early and after its time."""
    env = clean_environment(tmp_path_factory.mktemp("landing")) | aws_variables
    with talking("landing_answers.py", env) as sensor:
        yield sensor.ask


@pytest.fixture(scope="session")
def airflow(aws_variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    """Airflow with its database and the DAGs, in one process for all tests."""
    env = clean_environment(tmp_path_factory.mktemp("airflow")) | aws_variables
    with talking("run_dags.py", env) as process:
        yield process


@pytest.fixture
def run_dags(airflow: Conversation) -> Callable[..., list[dict[str, Any]]]:
    """Runs DAGs one after the other, all of them where none is named; returns how each ended."""

    def run(*dags: str, **variables: str) -> list[dict[str, Any]]:
        ended: list[dict[str, Any]] = airflow.ask(dags=dags, variables=variables)
        return ended

    return run
