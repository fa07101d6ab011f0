"""What Glue puts around a script: its package `awsglue`, and the last words of a script that fails.

Run as a program in the job's process: SCRIPT ARGUMENTS…. It imports nothing of this repository, as Glue has it not.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any


class GlueContext:
    """`awsglue.context.GlueContext`, whose own needs jars that only Glue has."""

    def __init__(self, sparkContext: Any, **options: Any) -> None:
        from pyspark.sql import SparkSession

        sparkContext.setLogLevel("ERROR")
        self.spark_session = SparkSession(sparkContext)


def awsglue() -> None:
    """Let a script import the package: with the names of the real one, where that is installed, and no jar."""
    try:
        from awsglue.job import Job as Known
    except ImportError:
        Known = object
        sys.modules["awsglue"] = ModuleType("awsglue")

    class Job(Known):  # type: ignore[misc,valid-type]
        """`awsglue.job.Job`, without bookmarks."""

        def __init__(self, glue_context: Any) -> None:
            pass

        def init(self, job_name: str, args: dict[str, str] = {}) -> None:  # noqa: B006 (awsglue's own signature)
            """Begin the job."""

        def commit(self) -> None:
            """End the job."""

    for name, part in (("context", GlueContext), ("job", Job)):
        module = ModuleType(f"awsglue.{name}")
        setattr(module, part.__name__, part)
        sys.modules[module.__name__] = module


def main(script: str, *arguments: str) -> int:
    """Run a script; what ended it is written down where the run's error message is read from."""
    awsglue()
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        # Glue takes 0 and none for a success, and shows what else a script says.
        return _failed(f"SystemExit: {end.code}") if end.code not in (None, 0) else 0
    except BaseException as error:
        traceback.print_exc()
        return _failed(f"{type(error).__name__}: {error}")
    return 0


def _failed(words: str) -> int:
    print(words, file=sys.stderr)
    Path(os.environ["TWIN_ENDING"]).write_text(words)
    return 1


if __name__ == "__main__":
    # The folder of this file holds modules of the twin, of which a script knows nothing.
    sys.path.pop(0)
    sys.exit(main(*sys.argv[1:]))
