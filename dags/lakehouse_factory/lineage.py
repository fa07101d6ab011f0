"""OpenLineage: whether it is on, what a Glue job gets of it, and the lineage of an Athena view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from lakehouse.runtime.spark_settings import LINEAGE, LINEAGE_JAR

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset

CONF = "--conf"


def lineage_is_on() -> bool:
    """Whether Airflow sends OpenLineage events: a transport is configured and nothing disables it."""
    from airflow.providers.openlineage.conf import is_disabled

    return not is_disabled()


def with_listener(arguments: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Return a job's arguments with Spark's settings and its listener in --conf.

    The --conf of a run replaces that of the job as a whole, so the job's own one is the base. The listener is added
    only where the job has its jar: without it Spark would not start.
    """
    settings = [defaults[CONF]] if CONF in defaults else []
    if LINEAGE_JAR in defaults.get("--extra-jars", ""):
        settings += [f"{name}={value}" for name, value in lineage_settings().items()]
    return {**arguments, CONF: " --conf ".join(settings)} if settings else dict(arguments)


def lineage_settings() -> dict[str, str]:
    """The listener's settings, with the namespace that Airflow's own events have."""
    from airflow.providers.openlineage.conf import namespace

    return {**LINEAGE, "spark.openlineage.namespace": namespace()}


def dataset_at(root: str, path: str) -> Dataset:
    """A table of the lake as Spark's listener names it: by bucket and key, or by its path on a disk."""
    from airflow.providers.common.compat.openlineage.facet import Dataset

    place = urlparse(f"{root.rstrip('/')}/{path}")
    if place.scheme in ("s3", "s3a"):
        return Dataset(namespace=f"s3://{place.netloc}", name=place.path.lstrip("/"))
    return Dataset(namespace="file", name=place.path)


def athena_view(region: str, catalogue: str, database: str, view: str) -> Dataset:
    """A view as the provider names the tables of Athena."""
    from airflow.providers.common.compat.openlineage.facet import Dataset

    return Dataset(namespace=f"awsathena://athena.{region}.amazonaws.com", name=f"{catalogue}.{database}.{view}")


def facets(inputs: list[Any], outputs: list[Any], query: str) -> Any:
    """The lineage of one query."""
    from airflow.providers.common.compat.openlineage.facet import SQLJobFacet
    from airflow.providers.openlineage.extractors.base import OperatorLineage

    return OperatorLineage(inputs=inputs, outputs=outputs, job_facets={"sql": SQLJobFacet(query=query)})
