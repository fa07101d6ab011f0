"""Glue job: loads the new files of a domain into bronze, and rows that cannot be parsed into quarantine."""

import sys

from lakehouse.runtime.job import JobCall, run_job


def ingest(call: JobCall) -> None:
    """New files → batch → bronze | quarantine."""
    from lakehouse.ingest.ingest import ingest_domain

    ingest_domain(call.context, call.contract)


if __name__ == "__main__":
    # Glue may take any SystemExit for a failure, that of 0 too.
    if ending := run_job("ingest", ingest, sys.argv):
        sys.exit(ending)
