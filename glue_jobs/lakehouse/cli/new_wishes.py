"""What a person says beforehand to `lakehouse new`, held against what can be meant."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What a delivered file is."""

    UPSERT = "upsert"
    APPEND = "append"
    SNAPSHOT = "snapshot"


def listed(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(part.strip() for part in text.split(","))


def wished_key(key: str | None, kind: Kind | None) -> tuple[str, ...] | None:
    """The wished key; rows without one have none. Raises UsageError where key and kind contradict."""
    from lakehouse.contracts.guesses import NO_KEY
    from lakehouse.errors import UsageError

    found = listed(key) if key else None
    has_none = found == (NO_KEY,)
    if kind == Kind.APPEND and not has_none and found:
        raise UsageError(f"Rows of kind append have no key, found --key {key}; leave it out, or take another kind.")
    if has_none and kind not in (None, Kind.APPEND):
        raise UsageError(f"Files of kind {kind} need a key, found --key {NO_KEY}; name its columns, or take append.")
    return (NO_KEY,) if kind == Kind.APPEND else found


def wished_zone(name: str | None) -> str | None:
    """The name of a zone that is one; raises UsageError."""
    from lakehouse.contracts.values_reader import zone_problem
    from lakehouse.errors import UsageError

    if name is not None and (problem := zone_problem(name)):
        raise UsageError(f"--zone: {problem}")
    return name


def wished_columns(names: str | None) -> tuple[str, ...]:
    """The names of the columns of a file without a header; raises UsageError for one that is empty or there twice."""
    from lakehouse.errors import UsageError

    found = listed(names) if names is not None else ()
    wrong = next((name for name in found if not name or found.count(name) > 1), None)
    if wrong is not None:
        raise UsageError(f"--columns: {f'{wrong!r} twice' if wrong else 'an empty name'}; name each column once.")
    return found


def require_one_file(files: list[Path], kind: Kind | None) -> None:
    """Raise UsageError for several snapshots."""
    from lakehouse.errors import UsageError

    if kind == Kind.SNAPSHOT and len(files) > 1:
        raise UsageError(
            f"Each snapshot has all keys, so {len(files)} of them tell no key; give the newest file alone."
        )


def require_names(*names: str | None) -> None:
    """Raise UsageError for a name that becomes a file's and is none."""
    import re

    from lakehouse.contracts.columns_reader import NAME
    from lakehouse.errors import UsageError

    for name in names:
        if name is not None and not re.fullmatch(NAME[1:-1], name):
            raise UsageError(f"'{name}' is no name; take lower_case letters, digits and _, with a letter first.")
