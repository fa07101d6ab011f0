"""The shell of every Glue job: arguments, help, log context, exit codes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse import log
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.plan import LAKEHOUSE
from lakehouse.contracts.project import find_project
from lakehouse.errors import EXIT_UNEXPECTED, LakehouseError
from lakehouse.lake.paths import Lake
from lakehouse.privacy import trace_of, without_values
from lakehouse.runtime.context import Context
from lakehouse.runtime.dpu import dpu_seconds_of
from lakehouse.runtime.given_session import is_given, require_delta
from lakehouse.runtime.glue import JobRun, exit_status, on_glue, open_job
from lakehouse.runtime.machine import foreseen
from lakehouse.runtime.recording import GIVEN, GLUE, LOCAL, recorded, step_recorded
from lakehouse.runtime.safe_commits import ONLY_WRITER, is_only_writer, require_jar, safe_start
from lakehouse.runtime.versions import code_version, contract_version
from lakehouse.say import visible

_HELP = """usage: {name}{domain} --lake_root PATH [--raw_root PATH]{usage}

{purpose}

{options}  --lake_root PATH  the lake: a folder, or s3://bucket/prefix
  --raw_root PATH   the raw layer, if it is not <lake_root>/raw
  --only_writer yes skip the check for safe S3 commits; use it only if nothing else writes to this lake
{extra}
Each job is idempotent: it finds what is pending; a second run with nothing new does nothing.
Exit codes: 0 success, 1 unexpected error, 2 invalid arguments, 3 manual action needed, 75 temporary failure (retry).
"""


@dataclass(frozen=True)
class Option:
    """An option that only one job has: `--name VALUE`."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True)
class JobCall:
    """The parsed arguments of a job."""

    context: Context
    domain: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def contract(self) -> Contract:
        """The domain's contract; raises UnknownNameError with the nearest known name."""
        return self.context.contracts.of(self.domain)


def run_job(
    name: str,
    work: Callable[[JobCall], None],
    argv: Sequence[str],
    needs_domain: bool = True,
    also_marts: bool = False,
    own_options: Sequence[Option] = (),
) -> int | str:
    """Start the job, do the work, commit; returns the argument of `sys.exit`. A LakehouseError becomes one line.

    also_marts: `--domain marts` is valid, in addition to the domains of the contracts.
    """
    if {"--help", "-h"} & set(argv[1:]):
        print(_help(name, sys.modules["__main__"].__doc__ or "", needs_domain, also_marts, own_options))
        return 0
    log.configure()
    try:
        required = ("domain", "lake_root") if needs_domain else ("lake_root",)
        optional = ("raw_root", "run_id", ONLY_WRITER, *(option.name for option in own_options))
        run = open_job(name, argv, required, optional)
        call = JobCall(_context(run), run.options.get("domain", ""), run.options)
        if needs_domain and not (also_marts and call.domain == MARTS):
            call.context.contracts.require(call.domain)  # before anything starts
        with (
            log.about(run=run.options.get("run_id") or log.new_run_id(), domain=call.domain or "-"),
            _recorded(name, call, run, argv),
        ):
            work(call)
            run.commit()
            log.info(f"{name} done")
    except LakehouseError as error:
        for other in error.others:
            log.warning("failed as well", reason=str(other))
        return _ended(error.exit_code, str(error), argv, rest_is_done=error.rest is not None)
    except Exception as error:  # its text can quote a delivered value, so Python must not print it
        log.warning("unexpected error", trace=trace_of(error))
        if known := foreseen(error):
            return _ended(known.exit_code, str(known), argv)
        reason = f"unexpected error: {without_values(error, _known_names())} (stack trace in the log)"
        return _ended(EXIT_UNEXPECTED, reason, argv)
    return 0


@contextlib.contextmanager
def _recorded(name: str, call: JobCall, run: JobRun, argv: Sequence[str]) -> Iterator[None]:
    """Record what the job does in `ops.runs`, and on Glue what it costs."""
    subject = call.domain or LAKEHOUSE
    versions = code_version(), contract_version(call.context.project, call.domain)
    about = (call.context.lake, f"{name}_{subject}", log.current("run"), versions)
    if on_glue(argv):
        opened = recorded(*about, GLUE, dpu_seconds_of(run.spark))
    else:
        opened = recorded(*about, GIVEN if is_given() else LOCAL)
    with opened, step_recorded(f"{name}_{subject}", name, subject):
        yield


def _known_names() -> frozenset[str]:
    """The names that an error may show; none where the contracts themselves cannot be read."""
    try:
        return find_project().contracts.names
    except LakehouseError:
        return frozenset()


def _ended(code: int, reason: str, argv: Sequence[str], rest_is_done: bool = False) -> int | str:
    """Print why the job ends; on Glue the exit status itself is shown."""
    if not on_glue(argv):
        print(f"error: {visible(reason)}", file=sys.stderr)
    return exit_status(code, reason, argv, rest_is_done)


def _context(run: JobRun) -> Context:
    """The context of the run; raises if the lake cannot be written, or not safely."""
    project, lake = find_project(), Lake.at(run.options["lake_root"], run.options.get("raw_root"))
    lake.require_writable()
    only_writer = is_only_writer(run.options)
    if is_given():
        require_delta()  # before the first step records what it is going to do
    spark = safe_start(run.spark, lake, only_writer)
    if not only_writer and on_glue():
        spark()  # Glue has started it already, so the check costs nothing
    elif not only_writer and not is_given():
        require_jar(project, lake)
    return Context(project, lake, spark)


def _help(name: str, purpose: str, needs_domain: bool, also_marts: bool, own_options: Sequence[Option]) -> str:
    options = ""
    if needs_domain:
        marts = f", or {MARTS}" if also_marts else ""
        options = f"  --domain NAME     one of {', '.join(find_project().contracts.domains)}{marts}\n"
    return _HELP.format(
        name=name,
        purpose=purpose.removeprefix("Glue job: "),
        options=options,
        domain=" --domain NAME" if needs_domain else "",
        usage="".join(f" [--{option.name} {option.value}]" for option in own_options),
        extra="".join(
            f"  --{option.name} {option.value}\n                    {option.meaning}\n" for option in own_options
        ),
    )
