"""Glue job: shows the analysts the last good version of a domain's tables; with `--domain marts`, fact and docs."""

import os
import sys

from lakehouse.contracts.marts import MARTS
from lakehouse.runtime.job import JobCall, Option, run_job

WORKGROUP = Option("athena_workgroup", "NAME", "make the views in this workgroup of Athena, not in primary")


def publish(call: JobCall) -> None:
    """Delta logs → Glue catalogue, Athena views, dbt docs."""
    from lakehouse.publish.publish import publish_domain, publish_marts

    if "athena_workgroup" in call.options:
        os.environ["LAKEHOUSE_ATHENA_WORKGROUP"] = call.options["athena_workgroup"]
    if call.domain == MARTS:
        publish_marts(call.context)
    else:
        publish_domain(call.context, call.contract)


if __name__ == "__main__":
    sys.exit(run_job("publish", publish, sys.argv, own_options=(WORKGROUP,)))
