"""The S3 stand-in of the tests, in a process of its own: it counts requests, and takes the files of a disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared.command import ROOT

BUCKET = "lake"
SERVER = ROOT / "tests" / "s3" / "faulty_s3.py"
REWRITTEN = ("_last_checkpoint",)
"""Files of a lake that change under their name."""
READS, WRITES = ("GET", "HEAD", "LIST"), ("PUT", "POST", "DELETE")


@dataclass(frozen=True)
class CountingS3:
    """An S3 that AWS's tools and ours find by the environment."""

    address: str

    def requests(self) -> Counter[str]:
        """The requests since the last call, by method."""
        methods: Counter[str] = Counter()
        for kind, number in self.kinds().items():
            methods[kind.split()[0]] += number
        return methods

    def kinds(self) -> Counter[str]:
        """The requests since the last call, by method and place: a commit, another file of a log, other objects."""
        with urllib.request.urlopen(f"{self.address}/__faults", timeout=60) as answer:
            counted = Counter(json.load(answer)["counts"])
        with urllib.request.urlopen(f"{self.address}/__faults", data=b"{}", timeout=60):
            pass
        return counted

    def upload(self, folder: Path, prefix: str, known: Collection[Path] = ()) -> set[Path]:
        """Put every file below a folder under a prefix, but those that are known; returns what was put for good."""
        import boto3

        client = boto3.client("s3")
        files = {path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".crc")}
        for file in sorted(files.difference(known)):
            client.put_object(Bucket=BUCKET, Key=f"{prefix}/{file.relative_to(folder)}", Body=file.read_bytes())
        return {file for file in files if file.name not in REWRITTEN}

    def download(self, prefix: str, folder: Path) -> None:
        """Copy every object under a prefix into a folder."""
        import boto3

        client = boto3.client("s3")
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}/"):
            for item in page.get("Contents", ()):
                file = folder / item["Key"].removeprefix(f"{prefix}/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(client.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read())


def reads_and_writes(requests: Counter[str]) -> tuple[int, int]:
    """Requests that read, and requests that write."""
    return sum(requests[name] for name in READS), sum(requests[name] for name in WRITES)


@contextmanager
def counting_s3() -> Iterator[CountingS3]:
    """Serve, with the environment set for this process and its children."""
    command = [sys.executable, str(SERVER), BUCKET]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
        os.environ.update(AWS_ENDPOINT_URL=address, **keys)
        os.environ.pop("AWS_PROFILE", None)
        try:
            yield CountingS3(address)
        finally:
            del os.environ["AWS_ENDPOINT_URL"]
            server.kill()
