"""Airflow in processes of its own, so that its settings and logging reach no other test."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.athena.models import athena_backends
from moto.glue.models import glue_backends
from moto.moto_api import state_manager
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from dags.airflow_home import DAGS, HERE, ROOT, clean_environment
from dags.conversation import Conversation, talking
from lakehouse.contract_file import load_contracts

REGION = "eu-west-1"

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


@dataclass(frozen=True)
class Aws:
    """Clients of the moto server."""

    s3: Any
    glue: Any
    athena: Any

    def runs(self, job: str) -> list[dict[str, Any]]:
        """The runs of a Glue job."""
        found: list[dict[str, Any]] = self.glue.get_job_runs(JobName=job)["JobRuns"]
        return found

    def queries(self) -> list[dict[str, Any]]:
        """What Athena was asked."""
        ids = self.athena.list_query_executions()["QueryExecutionIds"]
        return [self.athena.get_query_execution(QueryExecutionId=one)["QueryExecution"] for one in ids]


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    """One moto server for all tests; it runs in this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def aws_variables(moto_address: str) -> dict[str, str]:
    """What leads an unmodified process to moto, and the two Airflow Variables of the DAGs."""
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": moto_address,
        "AIRFLOW_VAR_LAKEHOUSE_LAKE_ROOT": "s3://retail-curated",
        "AIRFLOW_VAR_LAKEHOUSE_RAW_ROOT": "s3://retail-raw/raw",
    }


@pytest.fixture
def aws(moto_address: str) -> Aws:
    """S3 with the two buckets of a lake and nothing in them; Glue with the jobs and crawlers that Terraform makes."""
    for backends in (s3_backends, glue_backends, athena_backends):
        backends.reset()
    # Whoever asks finds it done, so that no test waits for the next look half a minute later.
    state_manager.set_transition("glue::crawl", {"progression": "immediate"})
    session = boto3.Session("testing", "testing", region_name=REGION)
    s3, glue, athena = (session.client(name, endpoint_url=moto_address) for name in ("s3", "glue", "athena"))
    for bucket in ("retail-raw", "retail-curated"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    domains = load_contracts(ROOT / "contracts").domains
    steps = ("ingest", "validate", "transform", "publish")
    for name in (
        *(f"{s}_{d}" for s in steps for d in domains),
        "transform_marts",
        "publish_marts",
        "maintain_lakehouse",
    ):
        glue.create_job(Name=name, Role=name, Command={"Name": "glueetl"})
    for domain in domains:
        targets = {"S3Targets": [{"Path": f"s3://retail-raw/raw/{domain}"}]}
        glue.create_crawler(Name=f"landing_{domain}", Role="crawler", DatabaseName="landing", Targets=targets)
    return Aws(s3, glue, athena)


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
