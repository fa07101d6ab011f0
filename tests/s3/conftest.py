"""A local S3 with a bad road, for drivers that are processes of their own and for the test itself."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import find_project
from lakehouse.runtime.session import local_session
from lakehouse.runtime.spark_settings import INTERPRETED

BUCKET = "lake"
SERVER = Path(__file__).with_name("faulty_s3.py")


@dataclass(frozen=True)
class Store:
    """An S3 in a process of its own, for delta-rs holds Python's lock while it waits for an answer."""

    address: str

    def quiet(self) -> None:
        """A good road from now on, and nothing counted yet."""
        self.will()

    def will(self, seed: int | None = None, next: Sequence[str] = (), mix: Mapping[str, int] | None = None) -> None:
        """Say what shall happen to the PUTs of commits from now on; counting begins anew."""
        self._ask({"seed": seed, "next": list(next), **({"mix": mix} if mix else {})})

    @property
    def counts(self) -> Counter[str]:
        """The requests, by kind and place."""
        return Counter(self._ask()["counts"])

    @property
    def faults(self) -> Counter[str]:
        """What happened to the PUTs of commits."""
        return Counter(self._ask()["faults"])

    def _ask(self, words: Mapping[str, Any] | None = None) -> dict[str, Any]:
        body = None if words is None else json.dumps(words).encode()
        with urllib.request.urlopen(f"{self.address}/__faults", data=body, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """An S3 that AWS tools and our own find by the usual environment."""
    with _served() as address, _found_at(address):
        yield Store(address)


@pytest.fixture(scope="session")
def lasting_address() -> Iterator[str]:
    """Where an S3 is found by the session below: its JVM keeps the first address that it was given."""
    with _served() as address:
        yield address


@pytest.fixture(scope="session")
def spark_on_s3(lasting_address: str) -> Iterator[SparkSession]:
    """A session in this process, for tests that kill no driver."""
    few = {"spark.sql.shuffle.partitions": "2", "spark.databricks.delta.snapshotPartitions": "2"}
    with _found_at(lasting_address):
        session = local_session(find_project(), {**INTERPRETED, **few}, on_s3=True)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def lasting_store(lasting_address: str, spark_on_s3: SparkSession) -> Iterator[Store]:
    """The S3 of that session."""
    with _found_at(lasting_address):
        yield Store(lasting_address)


@contextmanager
def _served() -> Iterator[str]:
    command = [sys.executable, str(SERVER), BUCKET]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.kill()


@contextmanager
def _found_at(address: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_PROFILE", raising=False)
        yield
