"""A lake on moto's S3, and how it is published without Spark."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.publish import publish_domain, publish_marts
from lakehouse.runtime.context import Context
from tests.helpers.stand_in.aws import Aws
from tests.helpers.stand_in.trino import Trino

S3_LAKE = Lake.at("s3://lake")


@dataclass(frozen=True)
class Cloud:
    """AWS as the tests see it."""

    aws: Aws
    trino: Trino
    environment: dict[str, str]


def no_spark() -> None:
    """Stands where a session would start."""
    raise AssertionError("publishing tables and views needs no Spark")


def publish(project: Project) -> list[str]:
    """Publish everything but dbt's docs; returns the views."""
    context = Context(project, S3_LAKE, no_spark)  # type: ignore[arg-type]
    for contract in project.contracts:
        publish_domain(context, contract)
    return publish_marts(context, with_docs=False)
