"""Glue job: publishes the last good version of a domain's tables; with `--domain marts`, the marts, docs and site."""

import dataclasses
import sys

from lakehouse.contracts.layers import MARTS
from lakehouse.runtime.job import JobCall, Option, run_job

WORKGROUP = Option("athena_workgroup", "NAME", "run the statements in this Athena workgroup, not in primary")
TOPIC = Option("sns_topic", "ARN", "with marts: publish what needs somebody to this SNS topic")


def publish(call: JobCall) -> None:
    """Delta logs → Glue Data Catalog, analytics views, dbt docs."""
    from lakehouse.publish.publish import publish_domain, publish_marts
    from lakehouse.site.after import show_and_tell

    context = dataclasses.replace(call.context, athena_workgroup=call.options.get(WORKGROUP.name))
    if call.domain == MARTS:
        publish_marts(context)
        show_and_tell(context, call.options.get(TOPIC.name))
    else:
        publish_domain(context, call.contract)


if __name__ == "__main__":
    # Glue may take any SystemExit for a failure, that of 0 too.
    if ending := run_job("publish", publish, sys.argv, also_marts=True, own_options=(WORKGROUP, TOPIC)):
        sys.exit(ending)
