"""Errors that a person can act on: what was found, what was wanted, what to do.

A terminal error returns at each run until somebody changes something; a transient one can disappear when the job is
run again. The exit code distinguishes them, so that the orchestrator knows whether to retry.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_TERMINAL = 3
EXIT_TRANSIENT = 75  # EX_TEMPFAIL of sysexits.h


class LakehouseError(Exception):
    """Base of every error that this project raises on purpose; its message is one line for people."""

    exit_code: int = EXIT_TERMINAL
    rest: Sequence[Any] | None = None
    """What came of the other parts (files, datasets), which were all done; None where the work ended at the error."""
    others: Sequence[LakehouseError] = ()
    """Errors of further parts."""


class TransientError(LakehouseError):
    """Base of the temporary errors: the job can succeed when it is run again."""

    exit_code = EXIT_TRANSIENT


@contextlib.contextmanager
def gathering(errors: list[LakehouseError]) -> Iterator[None]:
    """Keep the error of one part, so that the other parts have their turn; `raise_first` raises it at the end."""
    try:
        yield
    except LakehouseError as error:
        errors.append(error)


def raise_first(errors: Iterable[LakehouseError], rest: Sequence[Any] | None) -> None:
    """Raise what went wrong with some parts once all are done, as one error; do nothing where nothing did.

    The first that needs manual action comes first: a retry alone would not report it again.
    """
    every = [part for error in errors for part in (error, *error.others)]
    ordered = sorted(every, key=lambda error: error.exit_code == EXIT_TRANSIENT)
    if ordered:
        first = ordered[0]
        first.rest, first.others = rest, tuple(ordered[1:])
        raise first


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
