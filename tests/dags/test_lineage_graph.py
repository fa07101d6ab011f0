"""Lineage of two deliveries as a server gets it, from Spark, our jobs and Airflow: one graph, as it is specified."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.project import find_project
from lakehouse.contracts.reader import load_contracts
from lakehouse.publish.views import read_views, resolve
from lakehouse.runtime.lineage import silver_sources
from lakehouse.runtime.lineage_events import DatasetName
from lakehouse.runtime.spark_settings import LINEAGE_JAR, listener_jar
from tests.dags.airflow_home import ROOT, clean_environment
from tests.dags.lineage_graph import Event, Specification, facets_of, graph_of, name_of, reached
from tests.dags.live import living
from tests.dags.receivers import Receiver
from tools.airflow.fake_aws import CODE, DBT, JOB_FILES, publish_tables

pytestmark = pytest.mark.lineage

ATHENA = "awsathena://athena.eu-west-1.amazonaws.com/AwsDataCatalog.analytics."
# How Spark's listener calls the two ways in which silver's rows are replaced (docs/adr/0011).
WHOLE_PARTITIONS = "lakehouse.execute_save_into_data_source_command.silver_erp_orders"
MERGE = "lakehouse.execute_merge_into_command.silver_products"
PARENT = ("parentJobNamespace", "parentJobName", "parentRunId")


@dataclass(frozen=True)
class Told:
    """The lake, what the lineage server got, and what Airflow handed to the Glue run of transform_erp."""

    lake: Path
    events: list[Event]
    handed: dict[str, str]

    def of(self, job: str) -> list[Event]:
        """The events of a job."""
        return [event for event in self.events if event["job"]["name"] == job]

    def short(self, name: str) -> str:
        """A place's name without the lake's root."""
        return name.removeprefix(f"{self.lake}/")


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(ROOT / "contracts")


@pytest.fixture(scope="module")
def told(
    aws_of_module: Any, aws_variables: dict[str, str], contracts: Contracts, tmp_path_factory: pytest.TempPathFactory
) -> Told:
    """A first delivery; then Airflow runs two DAGs; then a second delivery under the run that Airflow handed on."""
    if not listener_jar(find_project()).is_file():
        pytest.skip("OpenLineage's listener is not there; `make lineage-jar` fetches it")
    lake = tmp_path_factory.mktemp("lineage") / "lake"
    with Receiver().serving() as server:
        cycle(lake, "samples", server.address)
        handed = run_airflow(aws_of_module, aws_variables, contracts, lake, server.address)
        cycle(lake, "samples/day2", server.address, "/".join(handed[f"spark.openlineage.{name}"] for name in PARENT))
        events = list(server.bodies)
    if place := os.environ.get("LINEAGE_EVENTS"):
        Path(place).write_text(json.dumps(events).replace(f"{lake}/", ""), encoding="utf-8")
    return Told(lake, events, handed)


def cycle(lake: Path, delivery: str, server: str, parent: str = "") -> None:
    """A whole local run, as a person would start it."""
    env = clean_environment(lake) | {"OPENLINEAGE_URL": server, "OPENLINEAGE_NAMESPACE": "retail"}
    command = [sys.executable, "local_runner.py", "--output-dir", str(lake), "--landing-dir", delivery]
    env |= {"OPENLINEAGE_PARENT_ID": parent} if parent else {}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def run_airflow(
    aws: Any, aws_variables: dict[str, str], contracts: Contracts, lake: Path, server: str
) -> dict[str, str]:
    """Let Airflow transform and publish on moto; returns the Spark settings that its Glue run was given."""
    jar = f"{CODE}/jars/{LINEAGE_JAR}-1.53.0.jar"
    bucket, _, key = jar.removeprefix("s3://").partition("/")
    aws.s3.put_object(Bucket=bucket, Key=key, Body=b"uploaded")
    arguments = {**JOB_FILES, "--extra-jars": jar}
    aws.glue.delete_job(JobName="transform_erp")
    aws.glue.create_job(Name="transform_erp", Role="x", Command={"Name": "glueetl"}, DefaultArguments=arguments)
    publish_tables(aws, contracts)
    transport = {"type": "http", "url": server, "endpoint": "api/v1/lineage"}
    variables = aws_variables | {
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "retail",
        "AIRFLOW_VAR_LAKEHOUSE_LAKE_ROOT": str(lake),
    }
    with living(lake.parent / "airflow", variables) as airflow:
        for dag_id in ("transform_erp", "publish_marts"):
            airflow.trigger(dag_id, "lineage")
        assert airflow.ended("transform_erp", "lineage") == "success"
        airflow.ended("publish_marts", "lineage")
        tasks = airflow.tasks("publish_marts", "lineage")
        # The docs are copied from bucket to bucket; this lake lies on a disk.
        assert {task for task, (state, _) in tasks.items() if state != "success"} == {"sync_dbt", "sync_site"}
    (run,) = aws.runs("transform_erp")
    return dict(word.split("=", 1) for word in run["Arguments"]["--conf"].split(" --conf "))


def test_every_event_is_as_the_specification_says(told: Told) -> None:
    folder = os.environ.get("OPENLINEAGE_SPEC")
    if not folder:
        pytest.skip("OPENLINEAGE_SPEC names no folder with the JSON schemas of OpenLineage")
    specification = Specification(Path(folder))
    assert len(told.events) > 100
    assert {problem for event in told.events for problem in specification.problems(event)} == set()
    checked = {name for event in told.events for name, facet in facets_of(event) if specification.knows(facet)}
    assert checked >= {"parent", "columnLineage", "schema", "jobType", "processing_engine"}


def test_the_check_finds_what_is_wrong(told: Told) -> None:
    folder = os.environ.get("OPENLINEAGE_SPEC")
    if not folder:
        pytest.skip("OPENLINEAGE_SPEC names no folder with the JSON schemas of OpenLineage")
    specification = Specification(Path(folder))
    (event, *_) = told.of("transform_erp.erp_orders")
    lost_field = json.loads(json.dumps(event))
    del lost_field["outputs"][0]["facets"]["columnLineage"]["fields"]["order_id"]["inputFields"][0]["field"]
    for planted in (
        {**event, "run": {"runId": "seven"}},
        {**event, "eventType": "DONE"},
        {**event, "job": {}},
        lost_field,
    ):
        assert specification.problems(planted)


def test_a_path_leads_from_each_file_to_each_view_that_shows_it(told: Told, contracts: Contracts) -> None:
    graph = {told.short(start): {*map(told.short, ends)} for start, ends in graph_of(told.events).items()}
    files = {
        file.relative_to(told.lake).as_posix(): file for file in (told.lake / "raw").rglob("*.*") if file.is_file()
    }
    assert len(files) == 8, "two deliveries of four files"
    views = {view.name: set(view.tables) for view in resolve(read_views(ROOT / "dbt/athena_views"), {})}
    reached_views = set()
    for path, file in files.items():
        (dataset,) = (one for one in contracts.datasets if one.matches(file.name))
        below = tables_with(dataset.name)
        expected = {name for name, tables in views.items() if tables & below}
        ends = reached(graph, path)
        for name in expected:
            assert f"{ATHENA}{name}" in ends, (path, name, "as Airflow tells it")
            assert f"curated/analytics/{name}" in ends, (path, name, "as the local publish tells it")
        reached_views |= expected
    assert reached_views == set(views) - {"run_costs"}, "of a delivery it shows nothing but what its runs cost"
    assert "curated/silver/crm_leads" not in reached(graph, next(path for path in files if "/erp/" in path))


def tables_with(dataset: str) -> set[str]:
    """Every table that holds something of a dataset, by hand."""
    layers = {f"{layer}.{dataset}" for layer in ("bronze", "silver", "quarantine")}
    marts = {mart.full_name for mart in read_marts(DBT) if f"silver.{dataset}" in mart.reads}
    return layers | marts | {"ops.validation_results", "ops.quality_results", "ops.published"}


def test_a_merge_tells_its_inputs_and_where_each_column_comes_from(told: Told, contracts: Contracts) -> None:
    for job in (WHOLE_PARTITIONS, MERGE):
        assert {event["eventType"] for event in told.of(job)} == {"START", "COMPLETE"}, "what Spark's listener tells"
    (dataset,) = (one for one in contracts.datasets if one.name == "erp_orders")
    bronze, silver = (f"{told.lake}/curated/{layer}/erp_orders" for layer in ("bronze", "silver"))
    first, second = told.of("transform_erp.erp_orders")
    for event in (first, second):
        assert {name_of(place) for place in event["inputs"]} == {bronze, f"{told.lake}/curated/quarantine/erp_orders"}
        (written,) = event["outputs"]
        assert name_of(written) == silver
        fields = written["facets"]["columnLineage"]["fields"]
        assert set(fields) == set(dataset.silver_column_names)
        for name in dataset.column_names:
            assert [(one["name"], one["field"]) for one in fields[name]["inputFields"]] == [(bronze, name)]
        assert [one["field"] for one in fields["dt"]["inputFields"]] == ["ordered_at"]


def test_a_history_computes_its_validity_from_its_sequence(contracts: Contracts) -> None:
    (dataset,) = (one for one in contracts.datasets if one.name == "products")
    sources = silver_sources(dataset, DatasetName("file", "/bronze"))
    assert set(sources) == set(dataset.silver_column_names)
    assert (sources["valid_from"].column, sources["valid_from"].is_same) == ("updated_at", False)


def test_the_run_that_airflow_hands_on_is_the_parent(told: Told) -> None:
    senders = {event["run"]["runId"] for event in told.of("transform_erp.transform")}
    assert senders == {told.handed["spark.openlineage.parentRunId"]}, "Airflow's own events of that task"
    for event in told.of("transform_erp.transform"):
        assert event["run"]["facets"]["parent"]["job"]["name"] == "transform_erp"
    # Only the second delivery, which Airflow's run began, replaces rows.
    (session,) = {event["run"]["facets"]["parent"]["run"]["runId"] for event in told.of(MERGE)}
    under_airflow = [event for event in told.of("lakehouse") if event["run"]["runId"] == session]
    _, own = told.of("transform_erp.erp_orders")
    assert under_airflow, "a merge is part of Spark's session, which is part of Airflow's task"
    for event in (*under_airflow, own):
        parent = event["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == told.handed["spark.openlineage.parentRunId"]
        assert (parent["job"]["namespace"], parent["job"]["name"]) == ("retail", "transform_erp.transform")


def test_a_server_that_is_gone_stops_nothing(told: Told, tmp_path: Path) -> None:
    with Receiver().serving() as gone:
        pass
    env = clean_environment(tmp_path) | {"OPENLINEAGE_URL": gone.address}
    job = [sys.executable, "glue_jobs/publish.py", "--domain", "marts", "--lake_root", str(told.lake)]
    (told.lake / "curated/ops/milestones").rename(told.lake / "curated/ops/milestones.kept")
    done = subprocess.run(job, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count("could not send lineage events; the job continues") == 1
