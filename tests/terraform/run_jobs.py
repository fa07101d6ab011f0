"""Runs job scripts one after the other in one process, so that one Spark session serves them all.

Before each it names the job to the recorder, whose address is AWS_ENDPOINT_URL: `run_jobs.py JOB=SCRIPT:WORDS …`.
"""

from __future__ import annotations

import os
import runpy
import sys
import urllib.request

import lakehouse.runtime.session
from tests.terraform.recorder import CONTROL


def main(jobs: list[str]) -> None:
    """Run each job; the first that ends with anything but 0 ends all."""
    # A laptop asks how large raw is, to start Spark accordingly; Glue, whose jobs these stand for, does not.
    lakehouse.runtime.session.list_files = lambda _: []
    for job in jobs:
        name, _, words = job.partition("=")
        script, *arguments = words.split(" ")
        urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + CONTROL + name)).close()
        sys.argv = [script, *arguments]
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            if end.code:
                sys.exit(f"{name} ended with {end.code}")
        print(f"{name} done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
