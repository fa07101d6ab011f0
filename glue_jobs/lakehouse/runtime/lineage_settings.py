"""The lineage server that a laptop's environment names, in the words of Spark's listener."""

from __future__ import annotations

import os

PREFIX = "spark.openlineage."
ENDPOINT = "api/v1/lineage"


def lineage_from_environment() -> dict[str, str]:
    """Settings of the listener by OPENLINEAGE_URL and what else OpenLineage's own clients read; none without it.

    OPENLINEAGE_PARENT_ID is `namespace/job/run id`, as Airflow's macro `lineage_parent_id` gives it.
    """
    url = os.environ.get("OPENLINEAGE_URL")
    if not url or os.environ.get("OPENLINEAGE_DISABLED", "").lower() == "true":
        return {}
    found = {
        "transport.type": "http",
        "transport.url": url,
        "transport.endpoint": os.environ.get("OPENLINEAGE_ENDPOINT", ENDPOINT),
        "namespace": os.environ.get("OPENLINEAGE_NAMESPACE", "lakehouse"),
    }
    if key := os.environ.get("OPENLINEAGE_API_KEY"):
        found |= {"transport.auth.type": "api_key", "transport.auth.apiKey": key}
    namespace, _, rest = os.environ.get("OPENLINEAGE_PARENT_ID", "").partition("/")
    job, _, run = rest.rpartition("/")
    if run:
        found |= {"parentJobNamespace": namespace, "parentJobName": job, "parentRunId": run}
    return {f"{PREFIX}{name}": value for name, value in found.items()}
