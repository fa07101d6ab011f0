"""Where moto is kinder than AWS: an ACL at a bucket that knows none, and a Glue job whose packages are not there."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

PACKAGES = ("--additional-python-modules", "--extra-py-files")
"""What each of our jobs cannot do without: the list of packages to install, and the wheel of the library."""
_FILES = (*PACKAGES, "--extra-files", "--extra-jars")
_ACL_HEADERS = ("x-amz-acl", *(f"x-amz-grant-{who}" for who in ("full-control", "read", "read-acp", "write-acp")))


@functools.cache
def be_strict() -> None:
    """Let moto in this process answer as AWS does."""
    from moto.glue.models import FakeJobRun, GlueBackend
    from moto.s3.responses import S3Response

    S3Response._acl_from_headers = _no_acl
    S3Response.copy_object = _copying(S3Response.copy_object)
    GlueBackend.start_job_run = _launching(GlueBackend.start_job_run)
    FakeJobRun.as_dict = _with_reason(FakeJobRun.as_dict)


def named_files(script: str, arguments: Mapping[str, str]) -> set[tuple[str, str]]:
    """Bucket and key of each object that Glue fetches before the script of a job starts."""
    paths = [script, *(path for name in _FILES for path in arguments.get(name, "").split(","))]
    found = [path.removeprefix("s3://").split("/", 1) for path in paths if path.startswith("s3://")]
    return {(bucket, key) for bucket, key in found}


def lacking(script: str, arguments: Mapping[str, str], objects: Mapping[str, set[str]]) -> Iterator[str]:
    """What a job lacks before its script can start; `objects` are the keys that each bucket has."""
    yield from (f"no {name} is named" for name in PACKAGES if not arguments.get(name))
    for bucket, key in sorted(named_files(script, arguments)):
        if key not in objects.get(bucket, ()):
            yield f"s3://{bucket}/{key} does not exist"


def _no_acl(response: Any, headers: Any) -> None:
    """Refuse a request that names an ACL, as a bucket does whose owner owns each object."""
    from moto.s3.exceptions import S3ClientError

    if any(name.lower() in _ACL_HEADERS for name, _ in headers.items()):
        raise S3ClientError("AccessControlListNotSupported", "The bucket does not allow ACLs")


def _copying(copy: Any) -> Any:
    """S3 refuses before it copies; moto looks at the headers when the copy is there."""

    def copy_object(response: Any) -> Any:
        _no_acl(response, response.headers)
        return copy(response)

    return copy_object


def _launching(start: Any) -> Any:
    """Glue takes each run, and lets those fail whose files it cannot fetch."""

    def start_job_run(glue: Any, name: str, *args: Any, **words: Any) -> str:
        from moto.s3.models import s3_backends

        run_id = str(start(glue, name, *args, **words))
        job = glue.get_job(name)
        run = next(run for run in job.job_runs if run.job_run_id == run_id)
        buckets = s3_backends[glue.account_id]["aws"].buckets
        objects = {bucket: set(found.keys) for bucket, found in buckets.items()}
        script = (job.command or {}).get("ScriptLocation", "")
        if lack := next(lacking(script, run.arguments or {}, objects), None):
            run.status, run.reason = "FAILED", f"LAUNCH ERROR | {lack}"
        return run_id

    return start_job_run


def _with_reason(shown: Any) -> Any:
    """The run as moto shows it, with why it failed."""

    def as_dict(run: Any) -> dict[str, Any]:
        reason = getattr(run, "reason", "")
        facts: dict[str, Any] = shown(run)
        return facts | ({"ErrorMessage": reason} if reason else {})

    return as_dict
