"""Glue job: shows the analysts the last good version of a domain's tables; with `--domain marts`, fact and docs."""

import sys

from lakehouse.jobs import MARTS, JobCall, run_job


def publish(call: JobCall) -> None:
    """Delta logs → Glue catalogue, Athena views, dbt docs."""
    from lakehouse.publication import publish_domain, publish_marts

    if call.domain == MARTS:
        publish_marts(call.context)
    else:
        publish_domain(call.context, call.contract)


if __name__ == "__main__":
    sys.exit(run_job("publish", publish, sys.argv))
