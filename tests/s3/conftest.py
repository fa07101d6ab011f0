"""A local S3 with a bad road, for drivers that are processes of their own and for the test itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from s3.faulty_s3 import FaultyS3, make_bucket, serving

BUCKET = "lake"


@dataclass(frozen=True)
class Store:
    """The application, to be told of faults and asked for counts, and its address."""

    faults: FaultyS3
    address: str

    def quiet(self) -> None:
        """A good road from now on, and nothing counted yet."""
        self.faults.seed, self.faults.next = None, []
        self.faults.counts.clear()
        self.faults.faults.clear()


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """An S3 that AWS tools and our own find by the usual environment."""
    with pytest.MonkeyPatch.context() as patch, serving() as (application, address):
        patch.setenv("AWS_ENDPOINT_URL", address)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_PROFILE", raising=False)
        make_bucket(address, BUCKET)
        yield Store(application, address)
