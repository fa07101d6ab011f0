"""Trino 476 from Maven Central, on a Java 24 or newer of this machine; its Delta connector reads moto's Glue and S3."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakehouse.runtime.java import java_version

ARTEFACT = "io.trino:trino-server:476:tar.gz"
CATALOGUE = "awsdatacatalog"
_USUAL = ("/usr/lib/jvm/*", "/opt/java/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home")
_START_SECONDS, _FETCH_SECONDS = 120, 400


@dataclass(frozen=True)
class Result:
    """What a query gave: columns with their types, rows, bytes read; or why it failed."""

    columns: list[tuple[str, str]]
    rows: list[list[Any]]
    bytes_read: int
    error: str | None


def find_java() -> Path:
    """A Java 24 or newer: LAKEHOUSE_TRINO_JAVA, JAVA_HOME, or one in the usual places; else the test is skipped."""
    named = [Path(os.environ[word]) for word in ("LAKEHOUSE_TRINO_JAVA", "JAVA_HOME") if os.environ.get(word)]
    usual = [path for pattern in _USUAL for path in sorted(Path("/").glob(pattern.lstrip("/")))]
    for home in (*named, *usual, *sorted(Path.home().glob(".sdkman/candidates/java/*"))):
        if (home / "bin" / "java").is_file() and (java_version(home) or 0) >= 24:
            return home
    pytest.skip("Trino 476 needs a Java 24 or newer; name its home in LAKEHOUSE_TRINO_JAVA")


def ensure_server(cache: Path) -> Path:
    """The server's folder, fetched once, with the one plugin that is used; skipped where Maven cannot fetch it."""
    folder, done = cache / "trino-server-476", cache / "trino-server-476.done"
    if done.is_file():
        return folder
    if shutil.which("mvn") is None:
        pytest.skip("Trino 476 is fetched with Maven (mvn), which is not on the PATH")
    fetched = cache / "trino"
    copy = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={ARTEFACT}", f"-DoutputDirectory={fetched}"]
    try:
        subprocess.run(copy, check=True, timeout=_FETCH_SECONDS, cwd=cache)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"Trino 476 (821 MB) did not come within {_FETCH_SECONDS} s; fetch it by hand: {' '.join(copy)}")
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(next(fetched.glob("*.tar.gz"))) as archive:
        archive.extractall(cache, filter="tar")
    for plugin in (folder / "plugin").iterdir():
        if plugin.name != "delta-lake":
            shutil.rmtree(plugin)
    shutil.rmtree(fetched)
    done.touch()
    return folder


class Trino:
    """A server of one node; started once for all tests."""

    def __init__(self, cache: Path, aws_url: str, folder: Path) -> None:
        java, server = find_java(), ensure_server(cache)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        _configure(folder, self.url, aws_url)
        command = [
            str(java / "bin" / "java"), "-Xmx1500m", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC",
            "--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector",
            "--sun-misc-unsafe-memory-access=allow", f"-Dconfig={folder}/etc/config.properties",
            f"-Dnode.data-dir={folder}/data", "-Dnode.environment=test", "-Dnode.id=one",
            "-Dnode.bind-ip=127.0.0.1", "-Dnode.internal-address=127.0.0.1",
            "-cp", f"{server}/lib/*", "io.trino.server.TrinoServer",
        ]  # fmt: skip
        self._log = folder / "server.log"
        self._process = subprocess.Popen(command, cwd=server, stdout=self._log.open("w"), stderr=subprocess.STDOUT)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if not _get(f"{self.url}/v1/info")["starting"]:
                    return
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.3)
        self.stop()
        raise AssertionError(f"Trino did not start:\n{self._log.read_text()[-3000:]}")

    def run(self, sql: str, schema: str = "marts") -> Result:
        """Run one statement to its end."""
        headers = {
            "X-Trino-User": "analyst", "X-Trino-Catalog": CATALOGUE, "X-Trino-Schema": schema,
            "X-Trino-Time-Zone": "UTC",
        }  # fmt: skip
        request = urllib.request.Request(f"{self.url}/v1/statement", data=sql.encode(), headers=headers)
        columns: list[tuple[str, str]] = []
        rows: list[list[Any]] = []
        answer: dict[str, Any] = {}
        for answer in _pages(request):
            columns = [(c["name"], c["type"]) for c in answer.get("columns", ())] or columns
            rows += answer.get("data", ())
        error = answer.get("error")
        return Result(columns, rows, answer["stats"].get("physicalInputBytes", 0), error and error["message"])

    def stop(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.wait()


def _pages(request: urllib.request.Request) -> Iterator[dict[str, Any]]:
    answer = _get(request)
    yield answer
    while "nextUri" in answer:
        answer = _get(answer["nextUri"])
        yield answer


def _get(request: urllib.request.Request | str) -> dict[str, Any]:
    with urllib.request.urlopen(request, timeout=60) as opened:
        content: dict[str, Any] = json.load(opened)
        return content


def _configure(folder: Path, url: str, aws_url: str) -> None:
    port = url.rsplit(":", 1)[1]
    (folder / "etc" / "catalog").mkdir(parents=True)
    (folder / "etc" / "config.properties").write_text(
        f"coordinator=true\nnode-scheduler.include-coordinator=true\nhttp-server.http.port={port}\n"
        f"discovery.uri={url}\ncatalog.config-dir={folder}/etc/catalog\n"
        "query.max-memory-per-node=512MB\nmemory.heap-headroom-per-node=256MB\n"
    )
    glue, s3 = "hive.metastore.glue", "s3"
    (folder / "etc" / "catalog" / f"{CATALOGUE}.properties").write_text(
        "connector.name=delta_lake\nhive.metastore=glue\nfs.native-s3.enabled=true\n"
        f"{glue}.endpoint-url={aws_url}\n{glue}.region=eu-central-1\n"
        f"{glue}.aws-access-key=x\n{glue}.aws-secret-key=x\n"
        f"{s3}.endpoint={aws_url}\n{s3}.region=eu-central-1\n{s3}.path-style-access=true\n"
        f"{s3}.aws-access-key=x\n{s3}.aws-secret-key=x\n"
    )
