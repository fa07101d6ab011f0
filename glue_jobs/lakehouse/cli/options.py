"""Options that several commands share."""

from __future__ import annotations

import argparse
import getpass
from typing import Any

from lakehouse.contracts.contract import Dataset
from lakehouse.lake.decisions import Signature
from lakehouse.lake.paths import Lake

LAKE = "./local_output"


def add_lake(command: argparse.ArgumentParser) -> None:
    """Let a command be told which lake it works on."""
    command.add_argument("--lake", default=LAKE, metavar="PATH", help="a folder or s3://… (default: %(default)s)")


def add_signature(words: Any) -> None:
    """Who asks for a change and why; both are recorded."""
    words.add_argument("--why", required=True, metavar="TEXT", help="the reason, for those who read it later")
    words.add_argument("--by", default=None, metavar="NAME", help="who decides (default: the user of this machine)")


def signature(given: argparse.Namespace) -> Signature:
    """The signature of a command."""
    from lakehouse.lake.decisions import Signature

    return Signature(given.by or _user(), given.why)


def _user() -> str:
    """The user of this machine; a container may have none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def place(given: argparse.Namespace) -> tuple[Lake, Dataset]:
    """The lake and the dataset that a command names."""
    from lakehouse.contracts.project import find_project
    from lakehouse.lake.paths import Lake

    return Lake.at(given.lake), find_project().contracts.dataset(given.dataset)
