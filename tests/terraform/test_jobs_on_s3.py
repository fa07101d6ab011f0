"""Every job runs to its end on S3 with nothing but its own role, in the buckets that Terraform would make.

moto answers in the place of AWS, and refuses whatever the role's policy does not allow. What was asked is kept in
`recorded_calls.json`, against which the quick tests hold the policies; LAKEHOUSE_RECORD=1 writes it anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.moto_api import state_manager

from lakehouse.contracts.plan import STEPS
from lakehouse.contracts.reader import load_contracts
from lakehouse.ingest.landing import dataset_of
from tests.dags.airflow_home import clean_environment
from tests.dags.conversation import talking
from tests.terraform import recording
from tests.terraform.recorder import Recorder
from tools.airflow.strict_aws import named_files
from tools.policy.calls import REGION

pytestmark = [pytest.mark.policy, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = load_contracts(ROOT / "contracts")
DELIVERIES = (ROOT / "samples", ROOT / "samples/day2")
# With LAKEHOUSE_RECORD=1 nothing is refused, so that one run shows all that a role lacks.
DAG_IDS = ("ingest_erp", "validate_erp", "publish_erp", "publish_marts")
RECORDS = bool(os.environ.get("LAKEHOUSE_RECORD"))


@pytest.fixture(scope="module")
def cloud(applied_dev: Any) -> Iterator[tuple[Recorder, dict[str, str]]]:
    """The recorder with the buckets, databases and deliveries of dev, and what leads a process to it."""
    policies = {role: applied_dev.policy(role) for role in applied_dev.policies}
    recorder = Recorder(policies, applied_dev.outputs["kms_key_arn"], enforces=not RECORDS)
    stop = recorder.start()
    words = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}
    session = boto3.Session("testing", "testing", region_name=REGION)
    s3, glue, athena = (session.client(name, endpoint_url=recorder.address) for name in ("s3", "glue", "athena"))
    for name, bucket in applied_dev.outputs.items():
        if name.endswith("_bucket"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for database in applied_dev.of_type("aws_glue_catalog_database"):
        glue.create_database(DatabaseInput={"Name": database["name"]})
    for name, job in applied_dev.jobs.items():
        script, arguments = job["command"][0]["script_location"], job["default_arguments"]
        command = {"Name": "glueetl", "ScriptLocation": script}
        glue.create_job(Name=name, Role="any", Command=command, DefaultArguments=arguments)
        for bucket, key in named_files(script, arguments):
            s3.put_object(Bucket=bucket, Key=key, Body=b"uploaded")
    for crawler in applied_dev.of_type("aws_glue_crawler"):
        target = {"Path": crawler["s3_target"][0]["path"]}
        glue.create_crawler(Name=crawler["name"], Role="any", Targets={"S3Targets": [target]})
    for workgroup in applied_dev.of_type("aws_athena_workgroup"):
        athena.create_work_group(Name=workgroup["name"], Configuration={})
    yield recorder, {**words, "AWS_ENDPOINT_URL": recorder.address}
    stop()


def deliver(words: Mapping[str, str], bucket: str, folder: Path) -> None:
    """Put the files of a folder where their sources would."""
    session = boto3.Session("testing", "testing", region_name=REGION)
    s3 = session.client("s3", endpoint_url=words["AWS_ENDPOINT_URL"])
    for file in folder.iterdir():
        if file.is_file() and (dataset := dataset_of(CONTRACTS, file.name)):
            s3.upload_file(str(file), bucket, f"raw/{dataset.domain}/{folder.name}/{file.name}")


def job_words(applied: Any, job: str) -> str:
    """What Glue would call the job's script with, as far as the script reads it."""
    given = applied.jobs[job]["default_arguments"]
    script = applied.jobs[job]["command"][0]["script_location"].rsplit("/", 1)[-1]
    own = {"--domain", "--lake_root", "--raw_root", "--athena_workgroup"}
    arguments = " ".join(f"{name} {value}" for name, value in sorted(given.items()) if name in own)
    return f"{job}={ROOT / 'glue_jobs' / script} {arguments}"


def test_every_job_runs_with_its_role_alone(
    cloud: tuple[Recorder, dict[str, str]], applied_dev: Any, tmp_path: Path
) -> None:
    recorder, words = cloud
    order = [f"{step}_{domain}" for step in STEPS[:3] for domain in CONTRACTS.domains]
    order += ["transform_marts", *(f"publish_{domain}" for domain in CONTRACTS.domains), "publish_marts"]
    order += ["maintain_lakehouse"]
    assert set(order) == set(applied_dev.jobs)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    paths = os.pathsep.join([str(ROOT / "glue_jobs"), str(ROOT)])
    command = [
        sys.executable,
        str(Path(__file__).with_name("run_jobs.py")),
        *(job_words(applied_dev, j) for j in order),
    ]
    said = []
    for folder in DELIVERIES:  # the second changes what the first has made
        recorder.role = ""
        deliver(words, applied_dev.outputs["raw_bucket"], folder)
        done = subprocess.run(
            command, env={**kept, **words, "PYTHONPATH": paths},
            capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path,
        )  # fmt: skip
        said.append(f"{folder.name}: {done.returncode}\n{done.stdout}\n{done.stderr[-4000:]}")

    if RECORDS:
        others = recording.read() if recording.FILE.is_file() else {}
        recording.write({**others, **recorder.made})
    refused = {role: recording.folded(calls) for role, calls in recorder.denied.items() if role in order}
    assert not refused, "\n".join([str(refused), *said])
    assert [text.splitlines()[0].endswith(": 0") for text in said] == [True, True], "\n".join(said)
    assert set(order) <= set(recorder.made)
    kept_calls = recording.read()
    made = {job: recording.folded(calls) for job, calls in recorder.made.items() if job in order}
    assert made == {job: calls for job, calls in kept_calls.items() if job in order}, (
        "the jobs ask for other things than were recorded; record anew: LAKEHOUSE_RECORD=1 make test-policy"
    )


def prepare_views_docs_and_a_delivery(address: str, applied: Any) -> None:
    """What publish leaves behind, views' tables in the catalogue and docs to be copied; and a file to be ingested."""
    # Whoever asks finds the crawl done, so that no test waits for the next look half a minute later.
    state_manager.set_transition("glue::crawl", {"progression": "immediate"})
    session = boto3.Session("testing", "testing", region_name=REGION)
    glue, s3 = (session.client(name, endpoint_url=address) for name in ("glue", "s3"))
    for view in read_view_files(ROOT):
        for database, name in view:
            try:
                glue.create_table(DatabaseName=database, TableInput={"Name": name})
            except glue.exceptions.AlreadyExistsException:
                continue
    for key in ("curated/docs/data_docs/index.html", "curated/docs/dbt/index.html"):
        s3.put_object(Bucket=applied.outputs["curated_bucket"], Key=key, Body=b"<html>")
    # What the jobs have ingested is no news to the sensor.
    late = ROOT / "samples/day2/erp_orders.csv"
    s3.upload_file(str(late), applied.outputs["raw_bucket"], f"raw/erp/second/{late.name}")


def read_view_files(root: Path) -> list[list[tuple[str, str]]]:
    """What each view reads of the lake, as database and table."""
    found = []
    for file in sorted((root / "dbt/athena_views").glob("*.sql")):
        sql = re.sub(r"--.*", "", file.read_text(encoding="utf-8")).replace('"', "")
        found.append(re.findall(r"\b(silver|marts|ops|quarantine)\.(\w+)", sql))
    return found


def test_dags_run_with_airflows_role_alone(
    cloud: tuple[Recorder, dict[str, str]], applied_dev: Any, tmp_path: Path
) -> None:
    recorder, words = cloud
    recorder.role = ""  # the last job's, where jobs have run
    prepare_views_docs_and_a_delivery(recorder.address, applied_dev)
    recorder.role = "airflow"
    variables = {
        f"AIRFLOW_VAR_{parameter['name'].rsplit('/', 1)[-1].upper()}": parameter["value"]
        for parameter in applied_dev.of_type("aws_ssm_parameter")
    }
    with talking("run_dags.py", clean_environment(tmp_path) | words | variables) as airflow:
        runs = airflow.ask(dags=DAG_IDS, variables={})
    recorder.role = ""
    refused = recording.folded(recorder.denied.get("airflow", ()))
    if RECORDS:
        recording.write({**recording.read(), "airflow": recorder.made["airflow"]})
    assert not refused
    assert {run["dag"]: run["run"] for run in runs} == dict.fromkeys(DAG_IDS, "success"), airflow.log[-3000:]
    assert recording.folded(recorder.made["airflow"]) == recording.read()["airflow"]
