"""Glue job: validates the bronze batches of a domain with Great Expectations and quarantines the rows that fail."""

import sys

from lakehouse.runtime.job import JobCall, run_job


def validate(call: JobCall) -> None:
    """Bronze batch → validation result, quarantine, Data Docs."""
    from lakehouse.validate.validate import validate_domain

    validate_domain(call.context, call.contract)


if __name__ == "__main__":
    # Glue may take any SystemExit for a failure, that of 0 too.
    if ending := run_job("validate", validate, sys.argv):
        sys.exit(ending)
