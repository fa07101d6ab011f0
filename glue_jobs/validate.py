"""Glue job: judges the bronze batches of a domain with Great Expectations and quarantines their bad rows."""

import sys

from lakehouse.runtime.job import JobCall, run_job


def validate(call: JobCall) -> None:
    """Bronze batch → (good | quarantine), verdict, Data Docs."""
    from lakehouse.validate.validate import validate_domain

    validate_domain(call.context, call.contract)


if __name__ == "__main__":
    sys.exit(run_job("validate", validate, sys.argv))
