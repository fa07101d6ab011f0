"""Delta-rs gets the credentials that boto3 finds, as they are at each call; keys of the environment it finds itself."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import boto3
import pytest

from lakehouse.lake import delta_log
from lakehouse.lake.delta_log import storage_options


class Renewed:
    """Credentials of a role, new at each look."""

    looks = 0

    def get_frozen_credentials(self) -> SimpleNamespace:
        self.looks += 1
        return SimpleNamespace(access_key=f"key{self.looks}", secret_key="secret", token="token")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Renewed | None]]:
    """What boto3 finds, in an environment without keys."""
    credentials: list[Renewed | None] = [Renewed()]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    session = SimpleNamespace(get_credentials=lambda: credentials[0], region_name="eu-west-1")
    monkeypatch.setattr(boto3, "Session", lambda: session)
    delta_log._found_by_boto3.cache_clear()
    yield credentials
    delta_log._found_by_boto3.cache_clear()


def test_a_role_has_new_credentials_at_each_call(found: list[Renewed | None]) -> None:
    wanted = {"AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token", "AWS_REGION": "eu-west-1"}
    assert storage_options("s3://lake/table") == {"AWS_ACCESS_KEY_ID": "key1", **wanted}
    assert storage_options("s3://lake/table") == {"AWS_ACCESS_KEY_ID": "key2", **wanted}
    assert storage_options("/lake/table") is None


def test_without_credentials_or_with_keys_in_the_environment_delta_rs_looks_itself(
    found: list[Renewed | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    assert storage_options("s3://lake/table") == {}
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    found[0] = None
    assert storage_options("s3://lake/table") == {}
