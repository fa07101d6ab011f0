"""Questions before what cannot be undone, which a person answers on a terminal, and --yes elsewhere."""

from __future__ import annotations

import sys

from lakehouse.errors import UsageError


def require_answer(given: bool) -> None:
    """Raise UsageError where nobody can be asked, before anything is read. given: whether no question is needed."""
    if not given and not sys.stdin.isatty():
        raise UsageError("Nobody can be asked here: give --yes to carry it out, or --dry-run to see what would change.")


def confirmed(question: str) -> bool:
    """Whether a person says yes; anything else is no."""
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
