"""SHOW in Athena's words: the databases of a lake, the tables and views of one, the columns of a table."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

from lakehouse.contracts.layers import ANALYTICS
from lakehouse.contracts.project import Project
from lakehouse.errors import UsageError
from lakehouse.lake.paths import Lake
from lakehouse.publish.describe import describe, views_of
from lakehouse.publish.engine import UNQUALIFIED, tables_of
from lakehouse.publish.query import QueryResult
from lakehouse.publish.read_only import parse_read

_IN = r"(?:\s+(?:IN|FROM)\s+[`\"]?(?P<database>\w+)[`\"]?)?"
_LIKE = r"(?:\s+(?:LIKE\s+)?'(?P<pattern>[^']*)')?"
_NAMES = re.compile(rf"SHOW\s+(?P<kind>TABLES|VIEWS){_IN}{_LIKE}\s*;?\s*", re.IGNORECASE)
_DATABASES = re.compile(rf"SHOW\s+(?:DATABASES|SCHEMAS){_LIKE}\s*;?\s*", re.IGNORECASE)
_COLUMNS = re.compile(r"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+(?P<name>[\w.`\"]+)(?P<layer>\s+(?:IN|FROM)\s+\w+)?\s*;?\s*",
                      re.IGNORECASE)  # fmt: skip


class UnknownShowError(UsageError):
    """A SHOW that is not known here; the message has those that are."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        super().__init__(
            "The query was not run: this SHOW is not known here. Wanted: SHOW DATABASES, SHOW TABLES IN silver, "
            "SHOW VIEWS IN analytics or SHOW COLUMNS IN silver.products; `lakehouse describe` says more."
        )


def is_show(sql: str) -> bool:
    """Whether a statement is a SHOW."""
    return sql.lstrip().upper().startswith("SHOW")


def show(project: Project, lake: Lake, sql: str) -> QueryResult:
    """Answer a SHOW; raises NotAReadError, UnknownShowError or UnknownNameError."""
    parse_read(sql, "athena")
    if found := _DATABASES.fullmatch(sql.strip()):
        layers = sorted({name.partition(".")[0] for name in _known(project, lake)})
        return _listed("database_name", layers, found["pattern"])
    if found := _NAMES.fullmatch(sql.strip()):
        layers = [found["database"].lower()] if found["database"] else list(UNQUALIFIED)
        names = [name.split(".", 1) for name in _known(project, lake)]
        if found["kind"].upper() == "VIEWS":
            layers = [layer for layer in layers if layer == ANALYTICS]
        return _listed("tab_name", [name for layer, name in names if layer in layers], found["pattern"])
    if found := _COLUMNS.fullmatch(sql.strip()):
        name = re.sub(r"[`\"]", "", found["name"])
        layer = (found["layer"] or "").split()[-1:]
        return _listed("field", [c.name for c in describe(project, lake, ".".join([*layer, name])).columns], None)
    raise UnknownShowError(sql)


def _known(project: Project, lake: Lake) -> list[str]:
    return sorted([*(f"{layer}.{name}" for layer, name in tables_of(lake)), *views_of(project, lake)])


def _listed(column: str, names: Sequence[str], pattern: str | None) -> QueryResult:
    """pattern: Hive's, with * for anything and | between alternatives; % as in LIKE is taken too."""
    wanted = (pattern or "*").replace("%", "*").split("|")
    return QueryResult((column,), [(name,) for name in names if any(fnmatch.fnmatch(name, part) for part in wanted)])
