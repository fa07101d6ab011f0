"""Glue job: merges the good rows of a domain into silver and builds its models; with `--domain marts`, the fact."""

import sys

from lakehouse.jobs import MARTS, JobCall, Option, run_job

REPLAY = Option("replay", "DATASET:BATCH", "merge one judged batch again, e.g. erp_orders:7")


def transform(call: JobCall) -> None:
    """Good rows → silver → staging models; or silver → fct_daily_store_metrics."""
    from lakehouse.marts import build_marts
    from lakehouse.models import build_domain
    from lakehouse.silver import ask_replay, merge_domain

    if call.domain == MARTS:
        build_marts(call.context)
        return
    if "replay" in call.options:
        ask_replay(call.context, call.contract, call.options["replay"])
    merge_domain(call.context, call.contract)
    build_domain(call.context, call.contract)


if __name__ == "__main__":
    sys.exit(run_job("transform", transform, sys.argv, own_options=(REPLAY,)))
