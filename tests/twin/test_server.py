"""The twin has what the plan has, and answers as moto does but where a job, a query or a crawl really happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.moto_api import state_manager

from tests.twin.conftest import put_script, run_job
from tools.twin.account import LEFT_OUT, MADE, Clients, crawler_input, job_input
from tools.twin.calls import Caller
from tools.twin.plan import Plan
from tools.twin.server import Server


@pytest.fixture
def moto(server: Server) -> Iterator[Clients]:
    """Plain moto over the same account, for its state belongs to the process."""
    from moto.server import ThreadedMotoServer

    plain = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    plain.start()
    host, port = plain.get_host_and_port()
    yield Clients(f"http://{host}:{port}", server.plan.region)
    plain.stop()


def test_each_type_of_the_plan_is_made_or_left_out_by_name(plan: Plan) -> None:
    assert set(plan.resources) - (MADE | LEFT_OUT) == set()
    assert not MADE & LEFT_OUT


def test_the_twin_has_what_the_plan_has_and_nothing_else(server: Server) -> None:
    plan, clients = server.plan, server.clients
    glue, athena = clients.of("glue"), clients.of("athena")
    buckets = {bucket["Name"] for bucket in clients.of("s3").list_buckets()["Buckets"]}
    assert buckets == {bucket["bucket"] for bucket in plan.of_type("aws_s3_bucket")}
    jobs = {job["Name"]: job for job in glue.get_jobs(MaxResults=100)["Jobs"]}
    assert set(jobs) == set(plan.jobs) == set(plan.outputs["job_names"])
    for name, job in plan.jobs.items():
        wanted = job_input(job)
        assert {word: jobs[name].get(word) for word in wanted} == wanted
    crawlers = {crawler["Name"]: crawler for crawler in glue.get_crawlers()["Crawlers"]}
    assert set(crawlers) == set(plan.outputs["crawler_names"])
    for crawler in plan.of_type("aws_glue_crawler"):
        wanted = crawler_input(crawler)
        assert crawlers[crawler["name"]]["DatabaseName"] == wanted["DatabaseName"]
        assert crawlers[crawler["name"]]["Targets"]["S3Targets"] == wanted["Targets"]["S3Targets"]
    databases = {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    assert databases == {database["name"] for database in plan.of_type("aws_glue_catalog_database")}
    workgroups = {group["Name"] for group in athena.list_work_groups()["WorkGroups"]} - {"primary"}
    assert workgroups == {group["name"] for group in plan.of_type("aws_athena_workgroup")}
    groups = clients.of("logs").get_paginator("describe_log_groups").paginate()
    found = {group["logGroupName"] for page in groups for group in page["logGroups"]}
    assert found == {group["name"] for group in plan.of_type("aws_cloudwatch_log_group")}


def test_airflows_parameters_are_those_of_the_plan_and_slack(server: Server) -> None:
    plan, ssm = server.plan, server.clients.of("ssm", Caller("airflow"))
    for parameter in plan.of_type("aws_ssm_parameter"):
        assert (
            ssm.get_parameter(Name=parameter["name"], WithDecryption=True)["Parameter"]["Value"] == parameter["value"]
        )
    slack = ssm.get_parameter(Name=f"{plan.outputs['airflow_parameters']}/connections/slack_webhook")
    assert server.address in slack["Parameter"]["Value"]


CALLS: list[tuple[str, Callable[[Any], Any]]] = [
    ("s3", lambda s3: s3.get_object(Bucket="differs", Key="a/b")["ETag"]),
    ("s3", lambda s3: s3.list_objects_v2(Bucket="differs", Prefix="a/")["Contents"]),
    ("s3", lambda s3: s3.list_object_versions(Bucket="differs")["Versions"]),
    ("s3", lambda s3: s3.head_object(Bucket="differs", Key="none")),
    ("s3", lambda s3: s3.put_object(Bucket="differs", Key="a/b", Body=b"", IfNoneMatch="*")),
    ("s3", lambda s3: s3.get_bucket_versioning(Bucket="differs")["Status"]),
    ("glue", lambda glue: glue.get_job(JobName="ingest_crm")["Job"]),
    ("glue", lambda glue: glue.get_job(JobName="none")),
    ("glue", lambda glue: glue.get_crawler(Name="landing_crm")["Crawler"]),
    ("glue", lambda glue: glue.get_database(Name="silver")["Database"]),
    ("glue", lambda glue: glue.get_table(DatabaseName="silver", Name="none")),
    ("athena", lambda athena: athena.get_work_group(WorkGroup="primary")["WorkGroup"]["Configuration"]),
    ("ssm", lambda ssm: ssm.get_parameter(Name="none")),
]


def test_what_no_job_query_or_crawl_is_asked_of_is_answered_as_by_moto(server: Server, moto: Clients) -> None:
    s3 = server.clients.of("s3")
    s3.create_bucket(Bucket="differs", CreateBucketConfiguration={"LocationConstraint": server.plan.region})
    s3.put_bucket_versioning(Bucket="differs", VersioningConfiguration={"Status": "Enabled"})
    try:
        for body in (b"one", b"two"):
            s3.put_object(Bucket="differs", Key="a/b", Body=body)
        for number, (service, call) in enumerate(CALLS):
            assert _said(call, server.clients.of(service)) == _said(call, moto.of(service)), (service, number)
    finally:
        for version in s3.list_object_versions(Bucket="differs")["Versions"]:
            s3.delete_object(Bucket="differs", Key=version["Key"], VersionId=version["VersionId"])
        s3.delete_bucket(Bucket="differs")


def _said(call: Callable[[Any], Any], client: Any) -> Any:
    try:
        return call(client)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_run_has_the_words_that_motos_run_has(server: Server, moto: Clients) -> None:
    put_script(server, "ingest_web", "")
    real = run_job(server, "ingest_web")
    glue = moto.of("glue")
    played = glue.get_job_run(JobName="ingest_web", RunId=glue.start_job_run(JobName="ingest_web")["JobRunId"])[
        "JobRun"
    ]
    assert set(played) - set(real) == set()
    assert {word: type(real[word]) for word in played} == {word: type(found) for word, found in played.items()}


def test_a_crawl_reads_what_has_landed_in_its_own_name(server: Server) -> None:
    clients, raw = server.clients, server.plan.bucket("raw")
    body = b"lead_id,full_name\nL1,Ann\n"
    clients.of("s3").put_object(Bucket=raw, Key="raw/crm/first/crm_leads.csv", Body=body)
    glue = clients.of("glue", Caller("airflow"))
    glue.start_crawler(Name="landing_crm")
    assert glue.get_crawler(Name="landing_crm")["Crawler"]["State"] == "RUNNING"
    state_manager.set_transition("glue::crawl", {"progression": "immediate"})
    assert glue.get_crawler(Name="landing_crm")["Crawler"]["State"] == "READY"
    assert glue.get_crawler(Name="landing_crm")["Crawler"]["LastCrawl"]["Status"] == "COMPLETED"
    table = clients.of("glue").get_table(DatabaseName="landing", Name="crm")["Table"]
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["full_name", "lead_id"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["partition_0"]
    assert server.rights.denied == {}


def test_throttled_calls_are_repeated_by_the_client_until_it_is_over(server: Server) -> None:
    server.faults.begin("glue-throttled", 2)
    assert server.clients.of("glue", Caller("airflow")).get_job(JobName="ingest_crm")["Job"]["Name"] == "ingest_crm"
    assert server.faults.left == {}


def test_s3_is_down_for_all_but_the_operator(server: Server) -> None:
    server.faults.begin("s3-down")
    bucket = server.plan.bucket("artefacts")
    server.clients.of("s3").put_object(Bucket=bucket, Key="glue_jobs/any", Body=b"")
    run = run_job(server, "ingest_web")
    assert run["ErrorMessage"].startswith("LAUNCH ERROR | ")
    assert "503" in run["ErrorMessage"] or "ServiceUnavailable" in run["ErrorMessage"]
    server.faults.end("s3-down")
    put_script(server, "ingest_web", "")
    assert run_job(server, "ingest_web")["JobRunState"] == "SUCCEEDED"
