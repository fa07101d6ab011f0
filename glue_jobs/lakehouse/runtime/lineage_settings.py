"""Converts OpenLineage's environment variables, for a laptop, to the settings of Spark's listener."""

from __future__ import annotations

import os

PREFIX = "spark.openlineage."
ENDPOINT = "api/v1/lineage"


def lineage_from_environment() -> dict[str, str]:
    """The listener's settings from OPENLINEAGE_URL and the other OPENLINEAGE_* variables; none without the URL.

    OPENLINEAGE_PARENT_ID is `namespace/job/run id`, the format of Airflow's macro `lineage_parent_id`.
    """
    url = os.environ.get("OPENLINEAGE_URL")
    if not url or os.environ.get("OPENLINEAGE_DISABLED", "").lower() == "true":
        return {}
    settings = {
        "transport.type": "http",
        "transport.url": url,
        "transport.endpoint": os.environ.get("OPENLINEAGE_ENDPOINT", ENDPOINT),
        "namespace": os.environ.get("OPENLINEAGE_NAMESPACE", "lakehouse"),
    }
    if key := os.environ.get("OPENLINEAGE_API_KEY"):
        settings |= {"transport.auth.type": "api_key", "transport.auth.apiKey": key}
    namespace, _, rest = os.environ.get("OPENLINEAGE_PARENT_ID", "").partition("/")
    job, _, run = rest.rpartition("/")
    if run:
        settings |= {"parentJobNamespace": namespace, "parentJobName": job, "parentRunId": run}
    return {f"{PREFIX}{name}": value for name, value in settings.items()}
