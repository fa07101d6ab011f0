"""What each role needs: the calls that it was seen to make, and those that no test can see it make, with the reason.

moto is asked by the jobs and DAGs alone. Glue, MWAA and Athena act with the same roles beside them, an upload is
aborted or a run killed on bad days only, and a catalogue's table is updated by its second publish.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakehouse.contracts.plan import Job, plan_jobs
from tests.terraform import recording
from tests.terraform.needs_beside_jobs import of_airflow, of_analysts
from tests.terraform.places import CONTRACTS, GLUE, MARTS, VIEWS, Places, each
from tools.policy.calls import implied
from tools.policy.iam import Call

REPEATED: Mapping[tuple[str, str], str] = {
    ("publish_marts", "PublishTables"): "LookUpTables and DropWhatIsGone cover the tables of all databases",
}
"""Statements that allow what another one of the role allows too, because a module writes both for whoever has both."""


def needs(applied: Any) -> dict[str, list[Call]]:
    """The calls of each role, in the words of one environment."""
    places, found = Places(applied), recorded(applied)
    unseen: list[tuple[str, Call]] = [*_of_jobs(places), *_of_crawlers(places), *of_airflow(places)]
    for role, call in [*unseen, *(("analysts", call) for call in of_analysts(places))]:
        found.setdefault(role, []).extend((call, *implied(call, places.key)))
    return found


def recorded(applied: Any) -> dict[str, list[Call]]:
    """What the roles were seen to do; it was recorded in dev."""
    name = applied.outputs["airflow_environment"]
    return {
        role: [Call(c.action, c.resource.replace("retail-lakehouse-dev", name), c.context) for c in calls]
        for role, calls in recording.read().items()
    }


def _of_jobs(at: Places) -> Iterator[tuple[str, Call]]:
    for job in plan_jobs(CONTRACTS, ()):
        for call in _of_job(job, at):
            yield job.dag_id, call


def _of_job(job: Job, at: Places) -> Iterator[Call]:
    name = job.dag_id
    # Glue fetches script, library and jars, and writes logs, metrics and Spark's event log; none of them is here.
    yield Call.of("s3:GetObject", at.object("artefacts", "glue_jobs/<file>"))
    yield at.listing("artefacts", "glue_jobs/")
    for prefix in (f"spark-ui/{name}", "spark-ui/"):
        yield at.listing("logs", prefix)
    yield from each("s3:GetObject", at.object("logs", "spark-ui"), at.object("logs", f"spark-ui/{name}"))
    logs = "logs:AssociateKmsKey logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"
    yield from each(logs, at.log_group(f"/{at.name}/{name}/error"))
    for namespace in ("Glue", "RetailLakehouse"):
        yield Call.of("cloudwatch:PutMetricData", "*", cloudwatch_namespace=namespace)
    # An upload in parts that breaks off; a checkpoint of a log removes the commits that are over.
    yield from each("s3:AbortMultipartUpload s3:PutObject", at.object("logs", f"spark-ui/{name}/<file>"))
    # Glue keeps the packages that it has installed, for each job apart.
    packages = at.object("artefacts", f"packages/{name}/<file>")
    yield from each("s3:AbortMultipartUpload s3:DeleteObject s3:GetObject s3:PutObject", packages)
    yield from each("s3:GetObject", at.object("artefacts", "packages"), at.object("artefacts", f"packages/{name}"))
    for prefix in (f"packages/{name}", f"packages/{name}/", "packages/"):
        yield at.listing("artefacts", prefix)
    for place in _written(job):
        key = f"curated/{place}/<file>"
        yield from each("s3:AbortMultipartUpload s3:DeleteObject s3:GetObject s3:PutObject", at.object("curated", key))
        # S3A looks for the folders above before it writes.
        above = key.split("/")[:-1]
        folders = ["/".join(above[:depth]) for depth in range(1, len(above) + 1)]
        yield from each("s3:GetObject", *(at.object("curated", folder) for folder in folders))
        for folder in folders:
            yield at.listing("curated", f"{folder}/")
    for place in _read(job):
        yield Call.of("s3:GetObject", at.object("curated", f"curated/{place}/<file>"))
        yield at.listing("curated", f"curated/{place}/")
    if job.step == "publish":
        yield from _of_publish(job, at)
    if job.dag_id == "publish_marts":
        yield Call.of("sns:Publish", at.topic)


def _written(job: Job) -> Iterator[str]:
    """Where a job writes: tables, docs, results. A new dataset or a bad row makes a table that no recording has."""
    own = [] if job.subject in ("marts", "lakehouse") else [d.name for d in CONTRACTS.of(job.subject).datasets]
    layers = {"ingest": ("bronze", "quarantine"), "validate": ("quarantine",), "transform": ("silver",)}
    yield from (f"{layer}/{table}" for layer in layers.get(job.step, ()) for table in own)
    yield "ops/any"
    if job.step == "validate":
        yield "docs/data_docs"
    if job.step == "publish":
        yield "athena_results/publish"
    if job.dag_id == "publish_marts":
        yield from ("docs/dbt", "docs/site")
    if job.dag_id in ("transform_marts", "maintain_lakehouse"):
        yield from (f"marts/{name}" for name in MARTS)
    if job.dag_id == "maintain_lakehouse":
        yield from ("bronze/any", "quarantine/any", "silver/any")


def _read(job: Job) -> Iterator[str]:
    """What a job reads of others' tables."""
    if job.dag_id == "publish_marts":  # it proves every view, whatever it reads
        yield from (f"{layer}/any" for layer in ("bronze", "silver", "quarantine", "marts", "pinned"))
        yield "docs/data_docs"  # the site links to its first page where there is one
    elif job.subject not in ("marts", "lakehouse"):
        layers = {"validate": ("bronze",), "transform": ("bronze", "quarantine"), "publish": ("silver", "quarantine")}
        tables = [dataset.name for dataset in CONTRACTS.of(job.subject).datasets]
        yield from (f"{layer}/{table}" for layer in layers.get(job.step, ()) for table in tables)


def _of_publish(job: Job, at: Places) -> Iterator[Call]:
    marts = job.subject == "marts"
    own = (
        []
        if marts
        else [(layer, d.name) for d in CONTRACTS.of(job.subject).datasets for layer in ("silver", "quarantine")]
    )
    shown = [*(("marts", name) for name in MARTS), *(("analytics", view) for view in VIEWS)]
    shared = [*shown, ("ops", "batches"), ("pinned", "any")]
    # The second publish updates what the first has created; the first is taken back when its proof fails.
    for database, table in shared if marts else own:
        place = (f"{GLUE}:catalog", f"{GLUE}:database/{database}", f"{GLUE}:table/{database}/{table}")
        yield from each("glue:CreateTable glue:UpdateTable glue:DeleteTable glue:GetDatabase glue:GetTable", *place)
    # Athena asks where its results go, in the name of its caller; a query that takes too long is stopped.
    yield from each("s3:GetBucketLocation s3:ListBucketMultipartUploads", at.object("curated"))
    yield Call.of("athena:StopQueryExecution", at.workgroup("publish"))
    if marts:
        # A contract that is gone takes its tables out of the catalogue; Athena looks up what a view reads.
        yield Call.of("glue:GetDatabase", f"{GLUE}:database/default")  # Athena looks for it first, always
        for database in ("analytics", "marts", "ops", "pinned", "quarantine", "silver"):
            gone = (f"{GLUE}:catalog", f"{GLUE}:database/{database}", f"{GLUE}:table/{database}/gone")
            yield from each("glue:DeleteTable glue:GetTables glue:GetDatabase glue:GetTable", *gone)


def _of_crawlers(at: Places) -> Iterator[tuple[str, Call]]:
    # Glue runs them: they read what has landed, and keep its tables and partitions in `landing`.
    tables = (
        "glue:BatchCreatePartition glue:BatchGetPartition glue:CreatePartition glue:CreateTable glue:GetDatabase "
        "glue:GetPartitions glue:GetTable glue:GetTables glue:UpdatePartition glue:UpdateTable"
    )
    logs = "logs:AssociateKmsKey logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"
    for domain in CONTRACTS.domains:
        group = at.log_group(f"/aws-glue/crawlers-role/{at.name}-landing_{domain}-{at.name}")
        for call in (
            Call.of("s3:GetObject", at.object("raw", f"raw/{domain}/<file>")),
            at.listing("raw", f"raw/{domain}/"),
            Call.of("s3:GetBucketLocation", at.object("raw")),
            *each(tables, f"{GLUE}:catalog", f"{GLUE}:database/landing", f"{GLUE}:table/landing/{domain}"),
            *each(logs, group),
            # https://docs.aws.amazon.com/glue/latest/dg/set-up-encryption.html: crawlers with a security configuration.
            *each("kms:Decrypt kms:GenerateDataKey", at.key),
        ):
            yield f"landing_{domain}", call
