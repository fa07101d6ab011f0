"""A fake AWS for the DAGs on this machine: moto with the buckets, Glue jobs and crawlers of an account."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_files import mart_names, read_marts
from lakehouse.contracts.layers import BRONZE, LAYERS, MARTS, OPS, QUARANTINE, SILVER
from lakehouse.contracts.plan import plan_jobs
from lakehouse.lake.paths import PUBLISHED_LEDGERS
from tools.airflow.strict_aws import be_strict

DBT = Path(__file__).resolve().parents[2] / "dbt"

REGION = "eu-west-1"
RAW_BUCKET, CURATED_BUCKET = "retail-raw", "retail-curated"
CODE = "s3://retail-artefacts/glue_jobs"
JOB_FILES = {
    "--additional-python-modules": f"{CODE}/requirements.txt",
    "--extra-py-files": f"{CODE}/lakehouse-py3-none-any.whl",
}
DAGS = Path(__file__).resolve().parents[2] / "dags"


@dataclass(frozen=True)
class Cloud:
    """Clients of an endpoint that stands in for AWS."""

    s3: Any
    glue: Any
    athena: Any

    @classmethod
    def at(cls, address: str) -> Cloud:
        """Clients that speak with this address."""
        session = boto3.Session("testing", "testing", region_name=REGION)
        return cls(*(session.client(name, endpoint_url=address) for name in ("s3", "glue", "athena")))

    def runs(self, job: str) -> list[dict[str, Any]]:
        """The runs of a Glue job."""
        found: list[dict[str, Any]] = self.glue.get_job_runs(JobName=job)["JobRuns"]
        return found

    def queries(self) -> list[dict[str, Any]]:
        """What Athena was asked."""
        ids = self.athena.list_query_executions()["QueryExecutionIds"]
        return [self.athena.get_query_execution(QueryExecutionId=one)["QueryExecution"] for one in ids]


def surroundings(address: str) -> dict[str, str]:
    """What leads an unmodified Airflow there, and the two Airflow Variables that the DAGs need."""
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": address,
        "AIRFLOW_VAR_LAKEHOUSE_LAKE_ROOT": f"s3://{CURATED_BUCKET}",
        "AIRFLOW_VAR_LAKEHOUSE_RAW_ROOT": f"s3://{RAW_BUCKET}/raw",
    }


@contextmanager
def serving() -> Iterator[str]:
    """Serve moto in this process until the end of the block; yields its address."""
    from moto.server import ThreadedMotoServer

    be_strict()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each call, else
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def furnish(cloud: Cloud, contracts: Contracts) -> None:
    """Make what Terraform makes and the uploads of the jobs; whoever asks finds a crawl done."""
    from moto.moto_api import state_manager

    state_manager.set_transition("glue::crawl", {"progression": "immediate"})
    bucket_of_code, _, folder = CODE.removeprefix("s3://").partition("/")
    for bucket in (RAW_BUCKET, CURATED_BUCKET, bucket_of_code):
        cloud.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for file in JOB_FILES.values():
        cloud.s3.put_object(Bucket=bucket_of_code, Key=f"{folder}/{file.rsplit('/', 1)[-1]}", Body=b"uploaded")
    for job in plan_jobs(contracts, read_marts(DBT)):
        command = {"Name": "glueetl"}
        cloud.glue.create_job(Name=job.dag_id, Role=job.dag_id, Command=command, DefaultArguments=JOB_FILES)
        if job.crawler:
            targets = {"S3Targets": [{"Path": f"s3://{RAW_BUCKET}/raw/{job.subject}"}]}
            cloud.glue.create_crawler(Name=job.crawler, Role="crawler", DatabaseName="landing", Targets=targets)


def deliver(cloud: Cloud, contracts: Contracts) -> None:
    """One file a dataset, and one page of each kind of docs where the jobs write them."""
    for dataset in contracts.datasets:
        name = dataset.file_pattern.replace("*", "")
        cloud.s3.put_object(Bucket=RAW_BUCKET, Key=f"raw/{dataset.domain}/1f2e3d/{name}", Body=b"order_id\n")
    for key in ("data_docs/index.html", "dbt/manifest.json"):
        cloud.s3.put_object(Bucket=CURATED_BUCKET, Key=f"curated/docs/{key}", Body=b"{}")


def publish_tables(cloud: Cloud, contracts: Contracts, without: str = "") -> None:
    """The catalogue as the publish jobs leave it, without one table if wanted."""
    names = [dataset.name for dataset in contracts.datasets]
    tables = {f"{layer}.{name}" for layer in (BRONZE, SILVER, QUARANTINE) for name in names}
    tables |= {f"{OPS}.{name}" for name in PUBLISHED_LEDGERS} | {f"{MARTS}.{name}" for name in mart_names(DBT)}
    for database in LAYERS:
        cloud.glue.create_database(DatabaseInput={"Name": database})
    for table in sorted(tables - {without}):
        database, name = table.split(".")
        cloud.glue.create_table(DatabaseName=database, TableInput={"Name": name})
