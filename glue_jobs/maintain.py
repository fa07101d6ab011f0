"""Glue job: removes rows that are kept no longer, reclusters new files, and removes those that no reader needs."""

import sys

from lakehouse.runtime.job import JobCall, Option, run_job

BOUND = Option("max_bytes", "N", "rewrite at most N bytes per table and run (default: 20 GiB)")
SMOKE = Option("smoke", "yes", "only try packages, delta-rs and two commits under ops/_smoke/, which are removed again")


def maintain(call: JobCall) -> None:
    """Tables → without the rows that are kept no longer, in few, well clustered files."""
    from lakehouse.cycle.keep import keep_lake
    from lakehouse.errors import LakehouseError, UsageError, gathering, raise_first
    from lakehouse.layout.maintain import MAX_BYTES, BoundError, maintain_lake
    from lakehouse.runtime.smoke import smoke

    if (tried := call.options.get(SMOKE.name, "no")) not in ("yes", "no"):
        raise UsageError(f"--{SMOKE.name} is '{tried}'; expected yes or no.")
    if tried == "yes":
        smoke(call.context)
        return
    given = call.options.get(BOUND.name, str(MAX_BYTES))
    if not given.isdecimal() or int(given) < 1:
        raise BoundError(given)
    errors: list[LakehouseError] = []
    with gathering(errors):
        keep_lake(call.context)
    maintain_lake(call.context, int(given))
    raise_first(errors, ())


if __name__ == "__main__":
    # Glue may take any SystemExit for a failure, that of 0 too.
    if ending := run_job("maintain", maintain, sys.argv, needs_domain=False, own_options=(BOUND, SMOKE)):
        sys.exit(ending)
