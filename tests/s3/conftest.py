"""A local S3 with a bad road, for drivers that are processes of their own and for the test itself."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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
    command = [sys.executable, str(SERVER), BUCKET]
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        patch.setenv("AWS_ENDPOINT_URL", address)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_PROFILE", raising=False)
        yield Store(address)
        server.kill()
