"""Faults to plant into an account that is whole, each with what `lakehouse doctor` says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tests.terraform.whole_account import Account, made


def other_account(at: Account) -> None:
    at.outputs["raw_bucket"], bucket = "raw-999999999999", at.outputs["raw_bucket"]
    at.others["s3"] = Renamed(made("s3"), "raw-999999999999", bucket)


class Renamed:
    """S3 with one bucket under another name."""

    def __init__(self, s3: Any, name: str, bucket: str) -> None:
        self.s3, self.name, self.bucket = s3, name, bucket

    def __getattr__(self, method: str) -> Any:
        called = getattr(self.s3, method)
        if not callable(called):
            return called
        return lambda *given, **words: called(
            *given, **{k: self.bucket if v == self.name else v for k, v in words.items()}
        )


class Kind:
    """An S3 that takes a conditional PUT of a key that is there."""

    def __init__(self, s3: Any) -> None:
        self.s3 = s3

    def __getattr__(self, method: str) -> Any:
        return getattr(self.s3, method)

    def put_object(self, **words: Any) -> Any:
        words.pop("IfNoneMatch", None)
        return self.s3.put_object(**words)


def no_versions(at: Account) -> None:
    state = {"Status": "Suspended"}
    at.client("s3").put_bucket_versioning(Bucket=at.outputs["raw_bucket"], VersioningConfiguration=state)


def own_key(at: Account) -> None:
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    at.client("s3").put_bucket_encryption(
        Bucket=at.outputs["curated_bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
    )


def no_workgroup(at: Account) -> None:
    class Athena:
        def get_work_group(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "InvalidRequestException", "Message": "none"}}, "GetWorkGroup")

    at.others["athena"] = Athena()


def disabled_workgroup(at: Account) -> None:
    class Athena:
        def get_work_group(self, **_: Any) -> dict[str, Any]:
            return {"WorkGroup": {"State": "DISABLED"}}

    at.others["athena"] = Athena()


def no_airflow(at: Account) -> None:
    def refuse(Name: str) -> None:
        raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": Name}}, "GetEnvironment")

    at.airflow.get_environment = refuse


def no_log_groups(at: Account) -> None:
    pages = at.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws-glue/crawlers")
    for group in [group for page in pages for group in page["logGroups"]]:
        at.client("logs").delete_log_group(logGroupName=group["logGroupName"])


def other_policy(at: Account) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    at.client("s3").put_bucket_policy(Bucket=at.outputs["logs_bucket"], Policy=policy)


def no_wheel_list(at: Account) -> None:
    at.client("s3").delete_object(Bucket=at.outputs["artefacts_bucket"], Key="glue_jobs/requirements.txt")


def no_project(at: Account) -> None:
    at.client("s3").delete_object(Bucket=at.outputs["artefacts_bucket"], Key="glue_jobs/lakehouse_project.zip")


def endless_logs(at: Account) -> None:
    at.client("logs").create_log_group(logGroupName=f"/{at.outputs['airflow_environment']}/made_by_glue")


def no_jar(at: Account) -> None:
    at.client("s3").delete_object(Bucket=at.outputs["artefacts_bucket"], Key="glue_jobs/jars/lakehouse-log-store.jar")


def no_script(at: Account) -> None:
    bucket, s3 = at.outputs["artefacts_bucket"], at.client("s3")
    s3.delete_object(Bucket=bucket, Key="glue_jobs/publish.py")
    s3.put_object(Bucket=bucket, Key="glue_jobs/publish.py.old", Body=b"")


def other_pins(at: Account) -> None:
    bucket = at.outputs["artefacts_bucket"]
    at.client("s3").put_object(Bucket=bucket, Key="glue_jobs/requirements.txt", Body=b"# 0123456789abcdef\nrich==1\n")


def other_defaults(at: Account) -> None:
    defaults = {"DataLakeAdmins": [], "CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []}
    at.client("lakeformation").put_data_lake_settings(DataLakeSettings=defaults)


def open_workgroup(at: Account) -> None:
    class Athena:
        def get_work_group(self, **_: Any) -> dict[str, Any]:
            return {"WorkGroup": {"State": "ENABLED", "Configuration": {"EnforceWorkGroupConfiguration": False}}}

    at.others["athena"] = Athena()


def nothing_kept(at: Account) -> None:
    at.client("glue").start_job_run(JobName="ingest_erp")


def denied_glue(at: Account) -> None:
    class Denied:
        def get_paginator(self, name: str) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name)

    at.others["glue"] = Denied()


class Changed:
    """Glue whose job ingest_erp lost an argument, or has another value of it."""

    def __init__(self, glue: Any, word: str, value: str) -> None:
        self.glue, self.word, self.value = glue, word, value

    def __getattr__(self, method: str) -> Any:
        return getattr(self.glue, method)

    def get_paginator(self, name: str) -> Any:
        pages = self.glue.get_paginator(name)
        return SimpleNamespace(paginate=lambda **words: [self._changed(page) for page in pages.paginate(**words)])

    def _changed(self, page: dict[str, Any]) -> dict[str, Any]:
        for job in (job for job in page.get("Jobs", ()) if job["Name"] == "ingest_erp"):
            given = {**job["DefaultArguments"], self.word: self.value}
            job["DefaultArguments"] = {name: value for name, value in given.items() if value}
        return page


def lost(word: str, value: str = "") -> Callable[[Account], None]:
    """A job that lost an argument, or has another value of it."""
    return lambda at: at.others.update(glue=Changed(made("glue"), word, value))


def no_plugins(at: Account) -> None:
    at.client("s3").delete_object(Bucket=at.outputs["artefacts_bucket"], Key="mwaa/plugins.zip")


class Broken:
    """A service behind something that answers with a page in place of AWS's words."""

    def get_data_lake_settings(self) -> None:
        raise ResponseParserError("Unable to parse response (syntax error)")


Fault = tuple[Callable[[Account], Any], str]

FAULTS: list[Fault] = [
    (no_versions, "no  versions of retail-lakehouse-dev-raw-123456789012: Suspended; wanted Enabled; run `make terr"),
    (own_key, "no  key of retail-lakehouse-dev-curated-123456789012: S3's own key; wanted arn:aws:kms"),
    (other_policy, "no  our statements in the policy of retail-lakehouse-dev-logs-123456789012: gone; wanted there"),
    (no_wheel_list, "glue_jobs/requirements.txt: missing; wanted there; run `make upload-dags`"),
    (lambda at: at.client("glue").delete_database(Name="silver"), "no  databases: silver missing; wanted there"),
    (lambda at: at.client("glue").delete_job(JobName="ingest_erp"), "no  Glue jobs: ingest_erp missing; wanted there"),
    (
        lambda at: (
            at.client("glue").create_job(Name="validate_old", Role="x", GlueVersion="5.1", Command={})
            and at.outputs.update(job_names=[*at.outputs["job_names"], "validate_old"])
        ),
        "no  Glue release: 5.1 (lacks Spark 4",
    ),
    (endless_logs, "no  log groups /retail-lakehouse-dev/*: kept for ever: /retail-lakehouse-dev/made_by_glue; wanted"),
    (
        nothing_kept,
        "no  kept packages: none of ingest_erp, which ran; wanted those of each job that ran; run `make terraform",
    ),
    (no_jar, "glue_jobs/jars/lakehouse-log-store.jar: missing; wanted there; run `make upload-dags`"),
    (no_script, "glue_jobs/publish.py: missing; wanted there; run `make upload-dags`"),
    (other_pins, "; wanted 0123456789abcdef, the uploaded one; run `make terraform-apply`"),
    (other_defaults, "no  who decides on a new database: Lake Formation's grants; wanted IAM; put IAM_ALLOWED_PRIN"),
    (other_defaults, "no  who decides on a new table: Lake Formation's grants; wanted IAM; put IAM_ALLOWED_PRINCIPALS"),
    (no_project, "glue_jobs/lakehouse_project.zip: missing; wanted there; run `make package-dbt`"),
    (no_log_groups, "no  log groups /aws-glue/crawlers*: 0 with an end; wanted at least one, each with an end"),
    (no_plugins, "no  plugins.zip of Airflow: missing; wanted the uploaded one; run `make upload-dags`"),
]
"""Those that change what moto keeps, each for an account of its own."""

ANSWERS: list[Fault] = [
    (other_account, "no  account: 123456789012; wanted 999999999999; take the credentials"),
    (lambda at: setattr(at, "region", "eu-north-1"), "no  region: eu-north-1; wanted eu-west-1; export AWS_REGION"),
    (
        lambda at: at.others.update(s3=Kind(made("s3"))),
        "no  a conditional PUT of a key that is there: taken; wanted refused; let one writer run at a time",
    ),
    (no_workgroup, "no  workgroup retail-lakehouse-dev-analysts: InvalidRequestException; wanted ENABLED"),
    (
        lambda at: at.iam.denied.add("kms:GenerateDataKey"),
        "no  rights of ingest_erp: without kms:GenerateDataKey; wanted enough; run `make terraform-apply`",
    ),
    (lambda at: at.airflow.states.__setitem__(0, "UPDATE_FAILED"), "no  Airflow retail-lakehouse-dev: UPDATE_FAILED; "),
    (lambda at: setattr(at.airflow, "version", "2.11.0"), "no  MWAA release: 2.11.0 (lacks airflow.sdk"),
    (
        lambda at: at.airflow.files.update(PluginsS3ObjectVersion="1"),
        "no  plugins.zip of Airflow: another than the uploaded one; wanted the uploaded one; run `make update-airflow`",
    ),
    (
        lambda at: at.outputs.update(curated_bucket="somebody-elses"),
        "no  bucket somebody-elses: NoSuchBucket; wanted a bucket; run `make terraform-apply`",
    ),
    (
        open_workgroup,
        "no  results of retail-lakehouse-dev-analysts: where a client says; wanted below s3://retail-lake",
    ),
    (disabled_workgroup, "no  workgroup retail-lakehouse-dev-analysts: DISABLED; wanted ENABLED; run `make terraform"),
    (no_airflow, "no  Airflow retail-lakehouse-dev: ResourceNotFoundException; wanted AVAILABLE; run `make terraform"),
    (
        lambda at: at.airflow.files.update(RequirementsS3ObjectVersion="1"),
        "no  requirements.txt of Airflow: another than the uploaded one; wanted the uploaded one; run `make update-",
    ),
    (
        lambda at: at.airflow.files.update(StartupScriptS3ObjectVersion="1"),
        "no  startup.sh of Airflow: another than the uploaded one; wanted the uploaded one; run `make update-airflow`",
    ),
    (lambda at: at.others.update(lakeformation=Broken()), "no  lake formation: Unable to parse response"),
    (denied_glue, "no  catalogue: AccessDeniedException; wanted an answer; look at the credentials"),
    *(
        (lost(word), f"no  arguments of ingest_erp: without {word}; wanted enough, with --lake_root s3://retail")
        for word in (
            "--additional-python-modules",
            "--domain",
            "--extra-files",
            "--extra-jars",
            "--extra-py-files",
            "--lake_root",
        )
    ),
    (
        lost("--lake_root", "s3://somebody"),
        "no  arguments of ingest_erp: --lake_root s3://somebody; wanted enough, with",
    ),
    (
        lost("--extra-jars", "s3://no-such-bucket/a.jar"),
        "no  s3://no-such-bucket/a.jar: missing; wanted there; run `make upload-dags`",
    ),
]
"""Those that leave it as it is: what is asked, or answered in place of moto, is another."""
