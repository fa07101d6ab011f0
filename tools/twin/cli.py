"""The commands of the twin: `lakehouse twin up | run [FOLDER] | status | env | break FAULT | down`."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
from pathlib import Path

from lakehouse.errors import LakehouseError, UsageError
from lakehouse.say import format_bytes
from tools.airflow.local import ROOT
from tools.twin import lifecycle
from tools.twin.calls import OPERATOR, Caller
from tools.twin.delivery import run
from tools.twin.faults import KNOWN
from tools.twin.job_process import surroundings


def status() -> int:
    """Say what the twin does."""
    words = lifecycle.present()
    lifecycle.print_places(words)
    print(f"stage    {words['stage']}, pid {words['pid']}, {format_bytes(lifecycle.memory(lifecycle.HOME))} of memory")
    if "aws" in words:
        seen = lifecycle.ask(words["aws"], "state")
        states: dict[str, int] = {}
        for run in seen["runs"]:
            states[run["JobRunState"]] = states.get(run["JobRunState"], 0) + 1
        print(f"jobs     {', '.join(f'{n} {state}' for state, n in sorted(states.items())) or 'none yet'}")
        print(f"queries  {len(seen['queries'])}, crawls {sum(seen['crawls'].values())}, Slack {len(seen['slack'])}")
        print(f"faults   {', '.join(seen['faults']) or 'none'}")
        for role, calls in sorted(seen["denied"].items()):
            print(f"denied   {role}: {'; '.join(calls)}")
    return 0


def env() -> int:
    """Print what leads a shell to the twin, in the operator's name: eval "$(… env)"."""
    words = lifecycle.ready()
    outputs = json.loads((lifecycle.HOME / "outputs.json").read_text())
    lines = surroundings(words["aws"], words["region"], Caller(OPERATOR))
    lines["LAKEHOUSE_ATHENA_WORKGROUP"] = outputs["analysts_workgroup"]["value"]
    lines["LAKEHOUSE_OUTPUTS"] = str(lifecycle.HOME / "outputs.json")
    for name, value in lines.items():
        print(f"export {name}={value}")
    return 0


def break_(fault: str, times: int | None, off: bool) -> int:
    """Turn a fault on or all off; without one, list them."""
    if not fault and not off:
        for name, (_, meaning) in KNOWN.items():
            print(f"{name:<16} {meaning}")
        return 0
    words = lifecycle.ready()
    if fault and fault not in KNOWN:
        raise UsageError(f"There is no fault {fault}; there are {', '.join(KNOWN)}.")
    seen = lifecycle.ask(words["aws"], "break", {} if off else {"fault": fault, "times": times})
    print(f"faults: {', '.join(seen['faults']) or 'none'}")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = argparse.ArgumentParser(prog="lakehouse twin", description=__doc__, allow_abbrev=False)
    commands = options.add_subparsers(dest="command", required=True, metavar="COMMAND")
    starting = commands.add_parser("up", help="start a twin and wait until it is ready")
    starting.add_argument("--environment", default="dev", help="folder of terraform/environments (%(default)s)")
    starting.add_argument("--port", type=int, default=0, help="of Airflow's pages (default: a free one)")
    starting.add_argument("--no-airflow", action="store_true", help="AWS alone")
    running_ = commands.add_parser("run", help="deliver a folder and follow it to the views")
    running_.add_argument("folder", nargs="?", type=Path, default=ROOT / "samples", metavar="FOLDER")
    commands.add_parser("status", help="what the twin does")
    commands.add_parser("env", help="lines for a shell that is to speak with the twin")
    breaking = commands.add_parser("break", help="turn a fault on; without one, list them")
    breaking.add_argument("fault", nargs="?", default="", metavar="FAULT")
    breaking.add_argument("--times", type=int, help="how often it strikes")
    breaking.add_argument("--off", action="store_true", help="turn all off")
    commands.add_parser("down", help="end the twin; nothing is left")
    given = options.parse_args(argv)
    try:
        return _run(given)
    except LakehouseError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except urllib.error.URLError as error:
        print(
            f"error: the twin does not answer ({error.reason}); look at {lifecycle.HOME / 'keeper.log'}.",
            file=sys.stderr,
        )
        return 75


def _run(given: argparse.Namespace) -> int:
    match given.command:
        case "up":
            return lifecycle.up(given.environment, not given.no_airflow, given.port)
        case "run":
            return run(given.folder)
        case "break":
            return break_(given.fault, given.times, given.off)
        case "status":
            return status()
        case "env":
            return env()
    return lifecycle.down()
