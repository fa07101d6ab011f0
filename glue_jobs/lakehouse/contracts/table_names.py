"""Names of tables and views that Glue, Athena, Spark and DuckDB take without quotes, in any case alike."""

from __future__ import annotations

import re

LONGEST = 200
"""A pinned table has a word behind its name; Glue takes 255 characters."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def name_fault(name: str, longest: int = LONGEST) -> str | None:
    """What is wrong with the name of a table or view; None where every engine takes it."""
    if not _NAME.fullmatch(name):
        return f"'{name}' cannot name a table: wanted are small letters a to z, digits and _, a letter first."
    return f"'{name[:30]}…' has {len(name)} characters; a name has at most {longest}." if len(name) > longest else None
