"""Errors that a person can act on: what was found, what was wanted, what to do.

A terminal error returns at each run until somebody changes something; a transient one can disappear when the job is
run again. The exit code distinguishes them, so that the orchestrator knows whether to retry.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_TERMINAL = 3
EXIT_TRANSIENT = 75  # EX_TEMPFAIL of sysexits.h


class LakehouseError(Exception):
    """Base of every error that this project raises on purpose; its message is one line for people."""

    exit_code: int = EXIT_TERMINAL


class TransientError(LakehouseError):
    """Base of the temporary errors: the job can succeed when it is run again."""

    exit_code = EXIT_TRANSIENT


class UsageError(LakehouseError):
    """Invalid arguments: an unknown command, option or value."""

    exit_code = EXIT_USAGE


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ' Did you mean X?' for the nearest known name, or the list of all known names if none is near."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    if close:
        return f" Did you mean '{close[0]}'?"
    return f" Known: {', '.join(choices)}." if choices else ""


class UnknownNameError(UsageError):
    """A domain, dataset or table that no contract describes."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        super().__init__(f"There is no {kind} '{name}'.{nearest(name, self.known)}")
