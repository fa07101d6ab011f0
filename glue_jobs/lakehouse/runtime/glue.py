"""The only module that distinguishes Glue from a laptop: arguments, session and commit of a job.

On Glue the official package `awsglue` is used. On a laptop `getResolvedOptions` is also the official one if the package
is installed (it has wheels for Python 3.11 and 3.13). `GlueContext` and `Job` need jars that are not distributed, so
local classes with the same signatures replace them, and the job scripts are identical in both places.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lakehouse.contracts.project import find_project
from lakehouse.errors import UsageError, nearest
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def on_glue(argv: Sequence[str] | None = None) -> bool:
    """Whether Glue started this process: only Glue passes the run's ID to the script."""
    return any(argument.split("=")[0] == "--JOB_RUN_ID" for argument in (argv or sys.argv))


_REST_DONE = ", the rest is done"


def exit_status(code: int, reason: str, argv: Sequence[str], rest_is_done: bool = False) -> int | str:
    """The argument of `sys.exit`: the exit code; on Glue, which does not keep the code, a text with code and reason.

    Glue shows the last output of a script as the run's error message, where Airflow and people read it.
    rest_is_done: only parts of the work failed, and what reads its results can start.
    """
    return f"error [exit {code}{_REST_DONE if rest_is_done else ''}]: {reason}" if on_glue(argv) else code


def exit_code_in(message: str) -> int | None:
    """The exit code in a run's error message, as `exit_status` or Python wrote it; None if there is none."""
    found = re.search(rf"\[exit (\d+)(?:{_REST_DONE})?\]|SystemExit: (\d+)\s*$", message)
    return int(found[1] or found[2]) if found else None


def rest_is_done(message: str) -> bool:
    """Whether a run's error message says that only parts of its work failed."""
    return re.search(rf"\[exit \d+{_REST_DONE}\]", message) is not None


class LocalGlueContext:
    """Local replacement of `awsglue.context.GlueContext`: the session that the job was given, or that of a laptop.

    The option `lake` decides about settings: a small raw layer runs without code generation and without the optimizing
    compiler, and S3 needs more jars.
    """

    def __init__(self, sparkContext: Any = None, **options: Any) -> None:
        self._session: SparkSession | None = None
        self._lake: Lake | None = options.pop("lake", None)
        assert not options, options

    @property
    def spark_session(self) -> SparkSession:
        """The Spark session, started at the first use."""
        if self._session is None:
            self._session = self._start()
        return self._session

    def _start(self) -> SparkSession:
        from lakehouse.runtime import session
        from lakehouse.runtime.given_session import given_session, is_given
        from lakehouse.runtime.spark_settings import INTERPRETED

        if is_given():
            return given_session(self._is_small)
        small = self._is_small()
        on_s3 = self._lake is not None and session.lake_on_s3(self._lake)
        return session.local_session(find_project(), INTERPRETED if small else None, on_s3, small)

    def _is_small(self) -> bool:
        from lakehouse.runtime.session import lake_is_small

        return self._lake is not None and lake_is_small(self._lake)


def command_context(lake_root: str, only_writer: bool = False, raw_root: str | None = None) -> Context:
    """The context of a command; its session starts at the first use, and on S3 only if commits are safe."""
    from lakehouse.runtime.safe_commits import safe_start

    lake = Lake.at(lake_root, raw_root)
    session = LocalGlueContext(lake=lake)
    return Context(find_project(), lake, safe_start(lambda: session.spark_session, lake, only_writer))


class LocalJob:
    """Local replacement of `awsglue.job.Job`; bookmarks are not needed, because progress is stored in the tables."""

    def __init__(self, glue_context_or_spark_session: Any) -> None:
        self._initialised = False

    def init(self, job_name: str, args: dict[str, str] = {}) -> None:  # noqa: B006 (awsglue's own signature)
        """Begin the job."""
        self._initialised = True

    def isInitialized(self) -> bool:
        """Whether `init` was called."""
        return self._initialised

    def commit(self) -> None:
        """End the job."""
        self._initialised = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise UsageError(message)


def local_resolved_options(args: list[str], options: list[str]) -> dict[str, str]:
    """Local replacement of `awsglue.utils.getResolvedOptions`: listed options are required, others are ignored."""
    parser = _Parser(allow_abbrev=False, add_help=False)
    for option in options:
        parser.add_argument(f"--{option}", required=True)
    return vars(parser.parse_known_args(args[1:])[0])


class JobRun:
    """One run of a Glue job: its options, its Spark session, its commit."""

    def __init__(self, options: dict[str, str], context: Any, job: Any) -> None:
        self.options, self._context, self._job = options, context, job

    def spark(self) -> SparkSession:
        """The session; on a laptop the first call starts it, so a run with nothing to do starts none."""
        session: SparkSession = self._context.spark_session
        return session

    def commit(self) -> None:
        """Commit the job in Glue."""
        self._job.commit()


def open_job(name: str, argv: Sequence[str], required: Sequence[str], optional: Sequence[str] = ()) -> JobRun:
    """Parse the arguments and start the job; raises UsageError for a missing or (on a laptop) unknown option."""
    given = {name.removeprefix("--").split("=")[0] for name in argv[1:] if name.startswith("--")}
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
    for name in sorted(given - set(known)):
        raise UsageError(f"There is no option --{name}.{nearest(name, known)}")


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
