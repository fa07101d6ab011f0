"""Tells, as JSON, what the lakehouse's own operators do when asked directly, with stand-ins for AWS's clients."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, sys.argv[1])

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from botocore.exceptions import ClientError
from plugin_answers import plugin_answers

from lakehouse_factory import landing, views
from lakehouse_factory.build import patience
from lakehouse_factory.docs_sync import SyncPrefix
from lakehouse_factory.glue_run import GlueRun, failure
from lakehouse_factory.parts import AllPartsDone

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def ending(work: Callable[[], Any]) -> Any:
    """What the work returns, or the name of its error."""
    try:
        return work()
    except Exception as error:
        return type(error).__name__


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Put something else in the place of an attribute until the end of the block."""
    kept = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, kept)


def refused(code: str) -> ClientError:
    """AWS's answer with an error code."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "AnyCall")


# ---- a Glue run


def attempt(max_tries: int = 3) -> Any:
    """What an attempt of the task knows; clearing the task raises its max_tries."""
    ti = SimpleNamespace(
        dag_id="ingest_erp", task_id="ingest", run_id="run", map_index=-1, max_tries=max_tries, try_number=1,
        xcom_push=lambda **_: None, xcom_pull=lambda **_: "old",
    )  # fmt: skip
    return {"ti": ti}


def glue_run(runs: Sequence[tuple[str, int, str]], ended: str = "") -> tuple[GlueRun, Any]:
    """The operator and its Glue, which holds runs of the first request: ID, minutes after noon, state."""
    task = GlueRun(task_id="ingest", job_name="ingest_erp", retries=3, aws_conn_id=None)
    arguments = {task.TASK_UUID_ARG: task._get_task_uuid(attempt())}
    found = [
        {"Id": name, "StartedOn": NOON + timedelta(minutes=minute), "JobRunState": state, "Arguments": arguments}
        for name, minute, state in runs
    ]
    others = {"Id": "others", "StartedOn": NOON + timedelta(hours=1), "JobRunState": "SUCCEEDED", "Arguments": {}}
    # Glue does not say in which order it lists runs.
    pages = [{"JobRuns": [others]}, {"JobRuns": found}]
    conn = SimpleNamespace(
        get_job=lambda **_: {"Job": {}},
        get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: pages),
        get_job_run=lambda **_: {"JobRun": {"Id": "old", "JobRunState": ended}},
    )
    task.hook = SimpleNamespace(conn=conn)
    return task, conn


def executed(context: Any, *runs: tuple[str, int, str]) -> str:
    """Which run an attempt takes: one that has succeeded, one that it waits for, or a new one."""
    task, _ = glue_run(runs)
    with replaced(GlueJobOperator, "execute", lambda self, _: f"waits for {self._job_run_id or 'a new run'}"):
        return str(task.execute(context))


def refusal(code: str) -> Any:
    """How a task ends when Glue refuses its first call."""
    task, conn = glue_run([])

    def refuse(**_: Any) -> Any:
        raise refused(code)

    conn.get_job = refuse
    return ending(lambda: task.execute(attempt()))


def glue_answers() -> dict[str, Any]:
    """Which run is taken, and which errors are retried."""
    failed, succeeded, running = ("a", 0, "FAILED"), ("b", 5, "SUCCEEDED"), ("b", 5, "RUNNING")
    messages = ("SystemExit: 1", "SystemExit: 2", "SystemExit: 3", "SystemExit: 75", "SystemExit: 130", "")
    broken = {
        "Id": "a",
        "JobRunState": "FAILED",
        "ErrorMessage": "Py4JJavaError: bad value 'jane@doe.example', Out Of Memory",
    }
    waiting = ("b", 5, "WAITING")
    return {
        "newest waits": executed(attempt(), waiting),
        "newest succeeded": [executed(attempt(), *runs) for runs in ((failed, succeeded), (succeeded, failed))],
        "newest runs": [executed(attempt(), *runs) for runs in ((failed, running), (running, failed))],
        "newest failed": executed(attempt(), ("a", 0, "SUCCEEDED"), ("b", 5, "FAILED")),
        "cleared": executed(attempt(max_tries=4), succeeded),
        "failures": {
            said: type(failure("j", {"Id": "a", "JobRunState": "FAILED", "ErrorMessage": said})).__name__
            for said in messages
        },
        "states": {
            state: type(failure("j", {"Id": "a", "JobRunState": state})).__name__
            for state in ("STARTING", "RUNNING", "STOPPING", "WAITING", "TIMEOUT", "STOPPED", "ERROR")
        },
        "engine": str(failure("j", broken)),
        "not begun": str(failure("j", {**broken, "ErrorMessage": "LAUNCH ERROR | No matching distribution for a==1"})),
        "refusals": {
            code: refusal(code)
            for code in (
                "EntityNotFoundException",
                "AccessDeniedException",
                "InvalidInputException",
                "ThrottlingException",
            )
        },
        "ended meanwhile": ending(
            lambda: glue_run([], "SUCCEEDED")[0].execute_complete(attempt(), {"status": "error"})
        ),
        "ended badly": ending(lambda: glue_run([], "FAILED")[0].execute_complete(attempt(), {"status": "error"})),
    }


# ---- docs, parts, views


def copied(source: dict[str, int], there: dict[str, int]) -> list[list[str]]:
    """What is copied, in its order: from and to; what is removed behind it, to nowhere.

    The numbers are the minutes of the files' times.
    """
    made: list[list[str]] = []

    def pages(Bucket: str, Prefix: str) -> list[Any]:
        files = source if Prefix.startswith("curated/") else there
        items = [{"Key": Prefix + name, "LastModified": NOON + timedelta(minutes=at)} for name, at in files.items()]
        return [{"Contents": items[:1]}, {"Contents": items[1:]}, {}]

    task = SyncPrefix(
        task_id="sync", source_bucket_prefix="s3://lake/curated/docs/dbt/", dest_bucket_prefix="s3://site/docs/dbt/"
    )
    task.hook = SimpleNamespace(
        parse_s3_url=S3Hook.parse_s3_url,
        get_conn=lambda: SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=pages)),
        copy_object=lambda key, to, bucket, to_bucket, **_: made.append([f"{bucket}/{key}", f"{to_bucket}/{to}"]),
        delete_objects=lambda bucket, keys: made.extend([f"{bucket}/{key}", ""] for key in keys),
    )
    task.execute({})
    return made


def parts(said: str | None) -> Any:
    """How the task that reports failed parts ends, by what the job's task has left for it."""
    asked: list[Any] = []

    def pull(**words: Any) -> str | None:
        asked.append(words)
        return said

    ended = ending(
        lambda: AllPartsDone(task_id="all", run_task_id="ingest").execute({"ti": SimpleNamespace(xcom_pull=pull)})
    )
    return [ended, *asked]


def view_answers() -> dict[str, Any]:
    """Whether a table is published, by Glue's answer."""

    def told(answer: Callable[..., Any]) -> Any:
        hook = lambda **_: SimpleNamespace(conn=SimpleNamespace(get_table=answer))  # noqa: E731
        query = views.ViewQuery(task_id="q", view="v", reads=["silver.a"], also_views=[], lake_root="s3://lake")
        with replaced(views, "GlueCatalogHook", hook):
            return ending(lambda: query._is_published("silver", "a"))

    def refusing(code: str) -> Callable[..., Any]:
        def refuse(**_: Any) -> Any:
            raise refused(code)

        return refuse

    codes = ("EntityNotFoundException", "AccessDeniedException")
    return {"found": told(lambda **_: {}), **{code: told(refusing(code)) for code in codes}}


def view_reads(sql: str) -> tuple[str, ...]:
    """What a view reads, by its text."""
    with TemporaryDirectory() as folder:
        Path(folder, "v.sql").write_text(sql)
        (view,) = views.read_view_files(Path(folder))
    return view.reads


def main() -> None:
    """Answer all at once."""
    pages, index = ["a.html", "index.html", "z/page.html"], "index.html"
    answers = {
        "glue": glue_answers(),
        "order": [to for _, to in copied(dict.fromkeys(pages, 0), {})],
        "changed": copied(
            {"older.html": 0, "same.html": 1, "newer.html": 2, index: 2},
            {"older.html": 1, "same.html": 1, "newer.html": 1, index: 1},
        ),
        "gone": copied({"a.html": 1, index: 2}, {"a.html": 1, index: 1, "runs/old.html": 1}),
        "nothing made": copied({}, {"old.html": 1}),
        "parts": [parts("erp: one file failed"), parts(None)],
        "views": view_answers(),
        "reads": view_reads('-- not silver.a\nSELECT 1 FROM Silver . "b", analytics.u /* nor ops.c */'),
        **plugin_answers(),
        "patience": {cron: patience(cron).total_seconds() for cron in ("0 3 * * *", "0 * * * *", "0 3,4 * * *")},
        "hidden": {
            key: landing._is_hidden(f"raw/erp/{key}", "raw/erp/") for key in ("a/", "a/b.csv", "a/_b.csv", ".a/b.csv")
        },
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
