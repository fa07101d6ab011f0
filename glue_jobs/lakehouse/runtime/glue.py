"""The one module that knows Glue from a laptop: arguments, session and commit of a job.

On Glue the official `awsglue` does the work. Elsewhere `getResolvedOptions` is still the official one where the
package is installed (it has wheels for Python 3.11 and 3.13), and `GlueContext` and `Job`, which need jars that no
registry offers, are thin stand-ins with the same signatures. So the job scripts are the same bytes in both places.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lakehouse.contracts.project import find_project
from lakehouse.errors import UsageError, nearest
from lakehouse.lake.files import list_files
from lakehouse.lake.paths import Lake, is_s3
from lakehouse.runtime.context import Context

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def on_glue(argv: Sequence[str] | None = None) -> bool:
    """Tell whether Glue started this process: it alone hands a run's identity to the script."""
    return any(word.split("=")[0] == "--JOB_RUN_ID" for word in (argv or sys.argv))


def ending(code: int, reason: str, argv: Sequence[str]) -> int | str:
    """What a job hands to `sys.exit`: its exit code; on Glue, which keeps no code, a text that has both.

    Glue shows the last words of a script as the error message of its run, and whoever started it reads them there.
    """
    return f"error [exit {code}]: {reason}" if on_glue(argv) else code


def exit_code_in(message: str) -> int | None:
    """The exit code that `ending` wrote into a run's error message, or a bare one; None where there is none."""
    found = re.search(r"\[exit (\d+)\]|SystemExit: (\d+)\s*$", message)
    return int(found[1] or found[2]) if found else None


class LocalGlueContext:
    """Stand-in for `awsglue.context.GlueContext`: starts the laptop's session when it is first asked for.

    Its option `lake` is the lake: the size of its raw layer decides whether queries are worth compiling, and one on S3
    needs more jars.
    """

    def __init__(self, sparkContext: Any = None, **options: Any) -> None:
        self._session: SparkSession | None = None
        self._lake: Lake | None = options.pop("lake", None)
        assert not options, options

    @property
    def spark_session(self) -> SparkSession:
        """The Spark session, started at the first use."""
        if self._session is None:
            from lakehouse.runtime.session import local_session
            from lakehouse.runtime.spark_settings import INTERPRETED, SMALL_BYTES

            lake = self._lake
            small = lake is not None and sum(file.size for file in list_files(lake.raw)) < SMALL_BYTES
            on_s3 = lake is not None and (is_s3(lake.raw) or is_s3(lake.curated))
            self._session = local_session(find_project(), INTERPRETED if small else None, on_s3)
        return self._session


def command_context(lake_root: str, only_writer: bool = False) -> Context:
    """What a command works with: its session starts when it is needed, and on S3 only where commits are safe."""
    from lakehouse.runtime.safe_commits import safe_start

    lake = Lake.at(lake_root)
    session = LocalGlueContext(lake=lake)
    return Context(find_project(), lake, safe_start(lambda: session.spark_session, lake, only_writer))


class LocalJob:
    """Stand-in for `awsglue.job.Job`: Glue's bookmarks have no use here, for progress is in the tables."""

    def __init__(self, glue_context_or_spark_session: Any) -> None:
        self._initialised = False

    def init(self, job_name: str, args: dict[str, str] = {}) -> None:  # noqa: B006 (awsglue's own signature)
        """Begin the job."""
        self._initialised = True

    def isInitialized(self) -> bool:
        """Tell whether `init` was called."""
        return self._initialised

    def commit(self) -> None:
        """End the job."""
        self._initialised = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise UsageError(message)


def local_resolved_options(args: list[str], options: list[str]) -> dict[str, str]:
    """Stand-in for `awsglue.utils.getResolvedOptions`: every listed option is required, others are ignored."""
    parser = _Parser(allow_abbrev=False, add_help=False)
    for option in options:
        parser.add_argument(f"--{option}", required=True)
    return vars(parser.parse_known_args(args[1:])[0])


class JobRun:
    """One run of a Glue job: its options, its lazy Spark session, its end."""

    def __init__(self, options: dict[str, str], context: Any, job: Any) -> None:
        self.options, self._context, self._job = options, context, job

    def spark(self) -> SparkSession:
        """The session; on a laptop it starts now, so a run with nothing to do starts none."""
        session: SparkSession = self._context.spark_session
        return session

    def commit(self) -> None:
        """Tell Glue that the job is done."""
        self._job.commit()


def open_job(name: str, argv: Sequence[str], required: Sequence[str], optional: Sequence[str] = ()) -> JobRun:
    """Parse the arguments and open the job; raises UsageError for a missing or (on a laptop) unknown option."""
    given = {word.removeprefix("--").split("=")[0] for word in argv[1:] if word.startswith("--")}
    if not on_glue(argv):
        _refuse_unknown(given, (*required, *optional))
    wanted = [*required, *(option for option in optional if option in given)]
    missing = [option for option in required if option not in given]
    if missing:
        raise UsageError(f"--{missing[0]} is missing; `{name} --help` shows the options.")
    options = _resolve(list(argv), wanted)
    context, job = _glue() if on_glue(argv) else _local(options)
    job.init(options.get("JOB_NAME", name), options)
    return JobRun({option: options[option] for option in wanted}, context, job)


def _refuse_unknown(given: set[str], known: Sequence[str]) -> None:
    for word in sorted(given - set(known)):
        raise UsageError(f"There is no option --{word}.{nearest(word, known)}")


def _resolve(argv: list[str], wanted: list[str]) -> dict[str, str]:
    try:
        from awsglue.utils import GlueArgumentError, getResolvedOptions
    except ImportError:
        return local_resolved_options(argv, wanted)
    try:
        return dict(getResolvedOptions(argv, wanted))
    except GlueArgumentError as error:
        raise UsageError(f"{error}.") from None


def _glue() -> tuple[Any, Any]:
    from awsglue.context import GlueContext
    from awsglue.job import Job
    from pyspark import SparkContext

    context = GlueContext(SparkContext.getOrCreate())
    return context, Job(context)


def _local(options: Mapping[str, str]) -> tuple[Any, Any]:
    context = LocalGlueContext(lake=Lake.at(options["lake_root"], options.get("raw_root")))
    return context, LocalJob(context)
