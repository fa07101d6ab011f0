"""Glue job: merges the validated rows of a domain into silver, builds its models; with `--domain marts`, the marts."""

import sys

from lakehouse.contracts.layers import MARTS
from lakehouse.runtime.job import JobCall, Option, run_job

REPLAY = Option("replay", "DATASET:BATCH", "merge one validated batch again, e.g. erp_orders:7")


def transform(call: JobCall) -> None:
    """Validated rows → silver → staging models; or silver → the marts."""
    from lakehouse.errors import LakehouseError, gathering, raise_first
    from lakehouse.transform.marts import build_marts
    from lakehouse.transform.transform import ask_replay, build_domain, merge_domain

    if call.domain == MARTS:
        build_marts(call.context)
        return
    if "replay" in call.options:
        ask_replay(call.context, call.contract, call.options["replay"])
    errors: list[LakehouseError] = []
    with gathering(errors):
        merge_domain(call.context, call.contract)
    build_domain(call.context, call.contract)
    raise_first(errors, rest=())


if __name__ == "__main__":
    # Glue may take any SystemExit for a failure, that of 0 too.
    if ending := run_job("transform", transform, sys.argv, also_marts=True, own_options=(REPLAY,)):
        sys.exit(ending)
