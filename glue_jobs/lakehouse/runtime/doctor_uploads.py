"""Which uploaded files `lakehouse doctor --environment` misses: those of the jobs, and those that the DAGs read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from lakehouse.contracts.project import Project
from lakehouse.runtime.doctor import Line, line

APPLY, UPLOAD = "run `make terraform-apply`", "run `make upload-dags`"
FILES = ("--additional-python-modules", "--extra-files", "--extra-jars", "--extra-py-files")

Clients = Callable[[str], Any]
Outputs = Mapping[str, Any]


def uploads(outputs: Outputs, clients: Clients) -> Iterator[Line]:
    """The file of the DAGs, and every object that Glue fetches before the script of a job begins."""
    s3 = clients("s3")
    paths = {f"s3://{outputs['artefacts_bucket']}/dags/lakehouse_dags.py"}
    for job in found_jobs(outputs, clients).values():
        arguments = job.get("DefaultArguments", {})
        named = [job["Command"].get("ScriptLocation", ""), *(arguments.get(name, "") for name in FILES)]
        paths |= {path for names in named for path in names.split(",") if path.startswith("s3://")}
    for path in sorted(paths):
        bucket, key = path.removeprefix("s3://").split("/", 1)
        cure = "run `make package-dbt`" if key.endswith(".zip") else UPLOAD
        yield line(path, "there" if is_there(s3, bucket, key) else "missing", "there", cure)


def is_there(s3: Any, bucket: str, key: str) -> bool:
    """Whether a bucket, which may be gone itself, holds an object of just this name."""
    try:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", ())
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        return False
    return any(found["Key"] == key for found in listed)


def dag_files(project: Project, outputs: Outputs, clients: Clients) -> Iterator[Line]:
    """The files of this clone that Airflow reads from the bucket: DAGs, contracts, views and the models of marts."""
    root = project.root
    folders = {
        "dags": ("dags", "*.py"),
        "contracts": ("dags/contracts", "*.yaml"),
        "dbt/models": ("dags/dbt/models", "*"),
        "dbt/athena_views": ("dags/athena_views", "*.sql"),
    }
    wanted = {
        f"{there}/{file.relative_to(root / here).as_posix()}"
        for here, (there, pattern) in folders.items()
        for file in (root / here).rglob(pattern)
        if file.is_file()
    }
    pages = clients("s3").get_paginator("list_objects_v2").paginate(Bucket=outputs["artefacts_bucket"], Prefix="dags/")
    missing = sorted(wanted - {found["Key"] for page in pages for found in page.get("Contents", ())})
    found = f"without {', '.join(missing[:3])}" if missing else f"{len(wanted)} there"
    yield line("files of the DAGs", found, "all of this clone's", UPLOAD, not missing)


def found_jobs(outputs: Outputs, clients: Clients) -> dict[str, dict[str, Any]]:
    """The environment's Glue jobs that are there, by name."""
    pages = clients("glue").get_paginator("get_jobs").paginate()
    wanted = set(outputs["job_names"])
    return {job["Name"]: job for page in pages for job in page["Jobs"] if job["Name"] in wanted}
