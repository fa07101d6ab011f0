"""Moto as one HTTP endpoint in a process of its own, which notes every data file that somebody opens.

Of its own, for delta-rs holds Python's lock while it reads: an endpoint in the same process could never answer it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import boto3

REGION = "eu-central-1"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": REGION}
DATABASES = ("silver", "quarantine", "marts", "ops", "pinned", "analytics")
_NOTES = "/opened-data-files"


class Aws:
    """S3 and Glue on a port of this machine."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def opened(self) -> set[str]:
        """The data files that were opened since this was last asked."""
        with urllib.request.urlopen(f"{self.url}{_NOTES}", timeout=30) as answer:
            return set(json.load(answer))

    def stop(self) -> None:
        """End the endpoint."""
        self._process.kill()
        self._process.wait()


def make_databases() -> None:
    """What Terraform makes: a bucket and the databases; what was there before goes."""
    s3, glue = boto3.resource("s3"), boto3.client("glue")
    bucket = s3.Bucket("lake")
    if bucket not in s3.buckets.all():
        bucket.create(CreateBucketConfiguration={"LocationConstraint": REGION})
    bucket.objects.delete()
    present = {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    for name in DATABASES:
        if name in present:
            glue.delete_database(Name=name)
        glue.create_database(DatabaseInput={"Name": name})


def upload(folder: Path, prefix: str = "") -> None:
    """Copy a folder to the bucket."""
    client = boto3.client("s3")
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            client.upload_file(str(file), "lake", f"{prefix}{file.relative_to(folder).as_posix()}")


def _serve() -> None:
    """Answer until killed; the first line that is printed is the address."""
    import logging

    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto, opened = DomainDispatcherApplication(create_backend_app), set[str]()

    def noting(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == _NOTES:
            found = json.dumps(sorted(opened)).encode()
            opened.clear()
            start("200 OK", [("Content-Type", "application/json")])
            return [found]
        if environ["REQUEST_METHOD"] == "GET" and path.endswith(".parquet") and "/_delta_log/" not in path:
            opened.add(path)
        answer: Iterable[bytes] = moto(environ, start)
        return answer

    server = make_server("127.0.0.1", 0, noting, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve()
