"""Which errors of Delta mean that a rival committed first, and which operations of a rival concern nobody."""

from __future__ import annotations

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
    }
)


def conflict_of(error: BaseException) -> str | None:
    """The name of Delta's conflict that an error of Spark stands for; None for any other error.

    By the name of the Java class, for Delta's own Python classes come with a package that Glue does not promise.
    """
    if "FIELD_ALREADY_EXISTS" in str(error):
        return "ADD COLUMNS"  # a rival met the same new contract, and was first
    origin = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while origin is not None:
        name = str(origin.getClass().getSimpleName())
        if name in _CONFLICTS:
            return name
        origin = origin.getCause()
    return type(error).__name__ if type(error).__name__ in _CONFLICTS else None
