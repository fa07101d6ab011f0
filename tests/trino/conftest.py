"""One Trino for all tests here, and a published lake of the samples on moto's S3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish import athena as athena_module
from tests.helpers.lakes_without_spark import write_lake
from tests.helpers.stand_in.athena import Athena
from tests.helpers.stand_in.aws import ENVIRONMENT, Aws, make_databases, upload
from tests.helpers.stand_in.published import Cloud, publish
from tests.helpers.stand_in.trino import Trino


@pytest.fixture(scope="session")
def cloud(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Moto, Trino and Athena's protocol; every client of this process and of those it starts goes there."""
    aws = Aws()
    trino = Trino(project.cache, aws.url, tmp_path_factory.mktemp("trino"))
    athena = Athena(trino)
    environment = {**ENVIRONMENT, "AWS_ENDPOINT_URL": aws.url, "AWS_ENDPOINT_URL_ATHENA": athena.url}
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    athena_module.POLL_SECONDS = 0.02
    yield Cloud(aws, trino, environment)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    athena.stop()
    trino.stop()
    aws.stop()


@pytest.fixture(scope="session")
def sample_lake(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples as a lake on a disk."""
    folder = tmp_path_factory.mktemp("sample_lake")
    write_lake(project, Lake.at(str(folder)))
    return folder


@pytest.fixture(scope="session")
def published(cloud: Cloud, project: Project, sample_lake: Path) -> list[str]:
    """The samples on S3, published once, for Trino keeps a log that it has read; the names of the views."""
    make_databases()
    upload(sample_lake)
    return publish(project)
