"""Glue job: clusters the partitions that changed since they were last clustered, and drops files nobody reads."""

import sys

from lakehouse.jobs import JobCall, run_job


def maintain(call: JobCall) -> None:
    """Delta logs → compacted and Z-Ordered files."""
    from lakehouse.maintenance import maintain_lake

    maintain_lake(call.context)


if __name__ == "__main__":
    sys.exit(run_job("maintain", maintain, sys.argv, needs_domain=False))
