"""Another writer committed first: by which errors Delta says so, and what every writer does then."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

from lakehouse import log
from lakehouse.errors import TransientError

T = TypeVar("T")

TRIES = 8
FIRST_WAIT_SECONDS = 0.1

CHANGES_NO_ROW = frozenset(
    {
        "OPTIMIZE",
        "VACUUM START",
        "VACUUM END",
        "SET TBLPROPERTIES",
        "UNSET TBLPROPERTIES",
        "ADD COLUMNS",
        "CHANGE COLUMN",
        "CREATE TABLE",
    }
)
"""Operations that move rows between files, or none at all, and change no row."""

_CONFLICTS = frozenset(
    {
        "ConcurrentAppendException",
        "ConcurrentDeleteReadException",
        "ConcurrentDeleteDeleteException",
        "ConcurrentTransactionException",
        "ConcurrentWriteException",
        "MetadataChangedException",
        "ProtocolChangedException",
        "CommitFailedError",  # of delta-rs
    }
)
_NAMED = re.compile(rf"DELTA_CONCURRENT_[A-Z_]+|DELTA_METADATA_CHANGED|DELTA_PROTOCOL_CHANGED|{'|'.join(_CONFLICTS)}")


class TableBusyError(TransientError):
    """Other writers committed to a table at each attempt."""

    def __init__(self, table: str, tries: int = TRIES) -> None:
        self.table, self.tries = table, tries
        super().__init__(
            f"{table}: at each of {tries} attempts another writer committed first. Nothing was written; run again."
        )


def when_free(table: str, write: Callable[[], T]) -> T:
    """Write; where another writer committed first, wait a moment and write again, for what it found has changed.

    For writes that are harmless when repeated. Raises TableBusyError after the last attempt.
    """
    for attempt in range(TRIES):
        try:
            return write()
        except Exception as error:
            conflict = conflict_of(error)
            if conflict is None:
                raise
            log.warning("another writer committed first", table=table, conflict=conflict, tries=attempt + 1)
            wait_after(attempt)
    raise TableBusyError(table)


def wait_after(attempt: int) -> None:
    """Wait longer after each attempt; writers that failed at the same time do not try again at the same time."""
    time.sleep(random.uniform(0.5, 1) * FIRST_WAIT_SECONDS * 2**attempt)


def conflict_in(text: str) -> str | None:
    """The name of the conflict that a text of Delta's speaks of, for errors that arrive as a text only."""
    found = _NAMED.search(text)
    return found[0] if found else None


def conflict_of(error: BaseException) -> str | None:
    """The name of Delta's conflict that an error of Spark stands for; None for any other error.

    By the name of the Java class, for Delta's own Python classes come with a package that Glue does not promise.
    """
    if "FIELD_ALREADY_EXISTS" in str(error):
        return "ADD COLUMNS"  # another writer had the same new contract, and was first
    origin = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while origin is not None:
        name = str(origin.getClass().getSimpleName())
        if name in _CONFLICTS:
            return name
        origin = origin.getCause()
    return type(error).__name__ if type(error).__name__ in _CONFLICTS else None
