"""What `lakehouse doctor --environment` finds in an account. Read only, but for one object that it removes again."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError as ParserError

from lakehouse.contracts.layers import ANALYTICS, LAYERS
from lakehouse.contracts.plan import MAINTAIN
from lakehouse.runtime.doctor import Line, line, release_line
from lakehouse.runtime.doctor_uploads import APPLY, FILES, UPLOAD, Clients, Outputs, found_jobs, is_there, uploads

PREFIX = "doctor"
"""The one prefix, in the artefacts bucket, under which something is written and removed."""
_IAM_ALONE = "IAM_ALLOWED_PRINCIPALS"


def account(outputs: Outputs, clients: Clients, region: str | None = None) -> Iterator[Line]:
    """Everything that only the account can tell; a part that AWS refuses to show is a line too.

    region: that of this shell, to which calls by hand go.
    """
    yield line(
        "region", region or "none named", outputs["region"], "export AWS_REGION", region in (None, outputs["region"])
    )
    parts = (
        _identity, _buckets, _conditional_put, uploads, _catalogue, _lake_formation, _workgroup, _jobs, _pins,
        _packages, _rights, _logs, _airflow,
    )  # fmt: skip
    for part in parts:
        try:
            yield from part(outputs, clients)
        except (ClientError, BotoCoreError, ParserError) as error:
            name = part.__name__.strip("_").replace("_", " ")
            reason = error.response["Error"]["Code"] if isinstance(error, ClientError) else str(error)
            yield Line(name, reason, "an answer", "look at the credentials (AWS_PROFILE), their rights and the region")


def _identity(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    found = clients("sts").get_caller_identity()["Account"]
    wanted = str(outputs["raw_bucket"]).rsplit("-", 1)[-1]
    yield line("account", found, wanted, "take the credentials of the account that was applied (AWS_PROFILE)")


def _buckets(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    s3 = clients("s3")
    for name in ("raw_bucket", "curated_bucket", "artefacts_bucket", "logs_bucket"):
        bucket = outputs[name]
        try:
            state = s3.get_bucket_versioning(Bucket=bucket).get("Status", "off")
            rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        except ClientError as error:
            yield Line(f"bucket {bucket}", error.response["Error"]["Code"], "a bucket", APPLY)
            continue
        yield line(f"versions of {bucket}", state, "Enabled", APPLY)
        key = rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", "S3's own key")
        wanted = "S3's own key" if name == "logs_bucket" else outputs["kms_key_arn"]
        yield line(f"key of {bucket}", key, wanted, APPLY)
    yield from _tls_only(outputs["logs_bucket"], s3)


def _tls_only(bucket: str, s3: Any) -> Iterator[Line]:
    """The flow log's service puts a policy of its own in place of ours where it misses its rights."""
    try:
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError:
        policy = {"Statement": []}
    sids = {statement.get("Sid") for statement in policy["Statement"]}
    found = "there" if "TlsOnly" in sids else "gone"
    yield line(f"our statements in the policy of {bucket}", found, "there", APPLY)


def _conditional_put(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    """The second of two PUTs that both ask for no object: commits are safe only if S3 refuses it."""
    s3, bucket, key = clients("s3"), outputs["artefacts_bucket"], f"{PREFIX}/{uuid.uuid4()}"
    versions = []
    try:
        versions.append(s3.put_object(Bucket=bucket, Key=key, Body=b"1", IfNoneMatch="*").get("VersionId"))
        try:
            versions.append(s3.put_object(Bucket=bucket, Key=key, Body=b"2", IfNoneMatch="*").get("VersionId"))
            found = "taken"
        except ClientError as error:
            found = "refused" if error.response["Error"]["Code"] == "PreconditionFailed" else str(error)
    finally:
        for version in versions:
            s3.delete_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))
    yield line("a conditional PUT of a key that is there", found, "refused", "let one writer run at a time")


def _catalogue(_: Outputs, clients: Clients) -> Iterator[Line]:
    pages = clients("glue").get_paginator("get_databases").paginate()
    there = {database["Name"] for page in pages for database in page["DatabaseList"]}
    missing = sorted({*LAYERS, ANALYTICS} - there)
    yield line("databases", f"{', '.join(missing)} missing" if missing else "there", "there", APPLY)


def _lake_formation(_: Outputs, clients: Clients) -> Iterator[Line]:
    """Whether IAM alone decides on new databases and tables, as the roles here take for granted."""
    settings = clients("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    for kind in ("Database", "Table"):
        granted = settings.get(f"Create{kind}DefaultPermissions", ())
        is_iam = any(one["Principal"]["DataLakePrincipalIdentifier"] == _IAM_ALONE for one in granted)
        cure = f'put {_IAM_ALONE} back under "Data Catalog settings", or grant the roles of jobs and analysts there'
        found = "IAM" if is_iam else "Lake Formation's grants"
        yield line(f"who decides on a new {kind.lower()}", found, "IAM", cure)


def _workgroup(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    name = outputs["analysts_workgroup"]
    try:
        group = clients("athena").get_work_group(WorkGroup=name)["WorkGroup"]
        state, settings = group["State"], group.get("Configuration", {})
    except ClientError as error:
        state, settings = error.response["Error"]["Code"], {}
    yield line(f"workgroup {name}", state, "ENABLED", APPLY)
    if settings:
        kept = settings.get("EnforceWorkGroupConfiguration") and settings.get("ResultConfiguration", {})
        place = (kept and kept.get("OutputLocation")) or "where a client says"
        wanted = f"s3://{outputs['curated_bucket']}/curated/athena_results/"
        yield line(f"results of {name}", place, f"below {wanted}", APPLY, place.startswith(wanted))


def _arguments(jobs: Mapping[str, Mapping[str, Any]], lake: str) -> Iterator[Line]:
    """What each job cannot do its work without; of a domain's job also whose it is."""
    for name, job in sorted(jobs.items()):
        given = job.get("DefaultArguments", {})
        domain = [] if name.startswith(MAINTAIN) else ["--domain"]
        lost = [word for word in (*FILES, "--lake_root", *domain) if not given.get(word)]
        found = f"without {', '.join(lost)}" if lost else "enough"
        if not lost and given["--lake_root"].rstrip("/") != lake:
            found = f"--lake_root {given['--lake_root']}"
        yield line(f"arguments of {name}", found, f"enough, with --lake_root {lake}", APPLY, found == "enough")


def _jobs(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    found = found_jobs(outputs, clients)
    missing = sorted(set(outputs["job_names"]) - set(found))
    yield line("Glue jobs", f"{', '.join(missing)} missing" if missing else "there", "there", APPLY)
    for version in sorted({job.get("GlueVersion", "none") for job in found.values()}):
        yield release_line("glue", version)
    yield from _arguments(found, f"s3://{outputs['curated_bucket']}")


def _pins(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    """Glue keeps packages under a word that Terraform gives the job; the uploaded list begins with its own."""
    jobs = found_jobs(outputs, clients).values()
    kept = {job.get("DefaultArguments", {}).get("--python-virtual-env-version", "none") for job in jobs}
    try:
        uploaded = clients("s3").get_object(Bucket=outputs["artefacts_bucket"], Key="glue_jobs/requirements.txt")
    except ClientError:
        return  # that it is missing was said where the uploads were looked at
    wanted = uploaded["Body"].read().decode().split("\n", 1)[0].removeprefix("# ")
    found = ", ".join(sorted(kept))
    yield line("list of the jobs' packages", found, f"{wanted}, the uploaded one", APPLY, kept <= {wanted})


def _packages(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    """A job that has succeeded has left its packages; where there are none, each run installs them all again."""
    glue, s3, bucket = clients("glue"), clients("s3"), outputs["artefacts_bucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="packages/", Delimiter="/")
    kept = {one["Prefix"].split("/")[1] for page in pages for one in page.get("CommonPrefixes", ())}
    jobs, without = sorted(found_jobs(outputs, clients)), []
    for name in jobs:
        runs = [] if name in kept else glue.get_job_runs(JobName=name)["JobRuns"]
        without += [name] if any(run["JobRunState"] == "SUCCEEDED" for run in runs) else []
    filled = len(kept.intersection(jobs))
    found = f"none of {', '.join(without[:3])}, which ran" if without else f"of {filled} jobs, by a job's first run"
    yield line("kept packages", found, "those of each job that ran", f"{APPLY}, then the job once more", not without)


def _rights(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    """IAM's own answer to what each job needs first: its script, the log of its progress, the key."""
    iam = clients("iam")
    code, lake = (f"arn:aws:s3:::{outputs[f'{name}_bucket']}" for name in ("artefacts", "curated"))
    asked = (
        ("s3:GetObject", f"{code}/glue_jobs/requirements.txt"),
        ("s3:PutObject", f"{lake}/curated/ops/batches/file"),
        ("kms:GenerateDataKey", outputs["kms_key_arn"]),
    )
    for name, job in sorted(found_jobs(outputs, clients).items()):
        refused = []
        for action, resource in asked:
            answer = iam.simulate_principal_policy(
                PolicySourceArn=job["Role"], ActionNames=[action], ResourceArns=[resource]
            )
            refused += [action for one in answer["EvaluationResults"] if one["EvalDecision"] != "allowed"]
        yield line(f"rights of {name}", f"without {', '.join(refused)}" if refused else "enough", "enough", APPLY)


def _logs(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    """A group without an end is one that a service made itself, under a name that Terraform did not foresee."""
    name = outputs["airflow_environment"]
    for prefix in (f"/{name}/", "/aws-glue/crawlers", f"airflow-{name}-"):
        pages = clients("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        groups = [group for page in pages for group in page["logGroups"]]
        endless = [group["logGroupName"] for group in groups if not group.get("retentionInDays")]
        found = f"kept for ever: {', '.join(endless[:3])}" if endless else f"{len(groups)} with an end"
        right = bool(groups) and not endless
        yield line(f"log groups {prefix}*", found, "at least one, each with an end", APPLY, right)


def _airflow(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    name = outputs["airflow_environment"]
    try:
        found = clients("mwaa").get_environment(Name=name)["Environment"]
    except ClientError as error:
        yield Line(f"Airflow {name}", error.response["Error"]["Code"], "AVAILABLE", APPLY)
        return
    yield line(f"Airflow {name}", found["Status"], "AVAILABLE", "wait, or look into its log groups")
    yield release_line("mwaa", found["AirflowVersion"])
    s3, bucket = clients("s3"), outputs["artefacts_bucket"]
    files = {"Requirements": "requirements.txt", "Plugins": "plugins.zip", "StartupScript": "startup.sh"}
    for kind, file in files.items():
        key = f"mwaa/{file}"
        if not is_there(s3, bucket, key):
            yield Line(f"{file} of Airflow", "missing", "the uploaded one", UPLOAD)
            continue
        version = s3.head_object(Bucket=bucket, Key=key).get("VersionId", "null")
        same = found.get(f"{kind}S3ObjectVersion") == version
        have = "the uploaded one" if same else "another than the uploaded one"
        yield line(f"{file} of Airflow", have, "the uploaded one", "run `make update-airflow`")


def smoke(outputs: Outputs, clients: Clients, sleep: Callable[[float], None] = time.sleep) -> Iterator[Line]:
    """A try of packages, delta-rs, log store and a commit in their real place, by the job of maintenance."""
    glue, name = clients("glue"), "maintain_lakehouse"
    run = glue.start_job_run(JobName=name, Arguments={"--smoke": "yes"})["JobRunId"]
    state: dict[str, Any] = {"JobRunState": "STARTING"}
    for _ in range(120):
        state = glue.get_job_run(JobName=name, RunId=run)["JobRun"]
        if state["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING", "WAITING"):
            break
        sleep(15)
    found = " ".join(filter(None, (state["JobRunState"], state.get("ErrorMessage", ""))))
    yield line(f"try by {name}", found, "SUCCEEDED", "read its log; docs/how-to/when-a-run-fails.md")
