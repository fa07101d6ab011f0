"""Glue job: reclusters new, poorly clustered files, and removes those that no reader needs."""

import sys

from lakehouse.runtime.job import JobCall, Option, run_job

BOUND = Option("max_bytes", "N", "rewrite at most N bytes per table and run (default: 20 GiB)")


def maintain(call: JobCall) -> None:
    """Delta logs → few, well clustered files."""
    from lakehouse.layout.maintain import MAX_BYTES, BoundError, maintain_lake

    given = call.options.get(BOUND.name, str(MAX_BYTES))
    if not given.isdecimal() or int(given) < 1:
        raise BoundError(given)
    maintain_lake(call.context, int(given))


if __name__ == "__main__":
    # Glue may take any SystemExit for a failure, that of 0 too.
    if ending := run_job("maintain", maintain, sys.argv, needs_domain=False, own_options=(BOUND,)):
        sys.exit(ending)
