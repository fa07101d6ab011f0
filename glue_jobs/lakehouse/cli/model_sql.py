"""The SQL of dbt's models: what it asks of the clock, and the words that stand in it for what only a build knows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse.contracts.mart_graph import Model
from lakehouse.publish.parsed import parse_all

MACRO = "written_by_a_macro"
"""What stands in a tree for the text of a macro."""
LIMIT = "in_changed"
"""What stands in a tree for that macro: a function of each key's name and of what is compared with the changed ones."""
WITHIN = "within_changed"
"""What stands in a tree for that macro: a function of the key's name, of what is compared, and of the days after."""

_END = re.compile(
    rf"((?:\b(?:on|where|having|and|or|not|by|from|join|select)|[,=<>(+-])\s*)?\b{MACRO}[\s;]*\Z", re.IGNORECASE
)
_BY_CLOCK = (
    exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.Localtimestamp, exp.CurrentTimezone, exp.Rand,
    exp.Randn, exp.Randstr, exp.Uniform, exp.Uuid, exp.Shuffle, exp.CurrentUser, exp.SessionUser, exp.CurrentCatalog,
    exp.CurrentDatabase, exp.CurrentSchema,
)  # fmt: skip
_BY_NAME = frozenset({
    "now", "getdate", "sysdate", "localtimestamp", "current_user", "session_user", "user", "version",
    "monotonically_increasing_id", "spark_partition_id", "input_file_name", "input_file_block_start",
    "input_file_block_length", "reflect", "try_reflect", "java_method", "current_metastore",
})  # fmt: skip
_OF_TODAY = frozenset({"now", "today", "yesterday", "tomorrow"})
_NAMES = frozenset({"localtimestamp", "_metadata"})


def clock_words(tree: exp.Expr) -> tuple[str, ...]:
    """What a query asks that gives another value at each run: the clock, chance, who asks, or where a row lies."""
    words = [_clock_word(node) for node in tree.find_all(*_BY_CLOCK)]
    words += [node.name.lower() for node in tree.find_all(exp.Anonymous) if node.name.lower() in _BY_NAME]
    words += [word for node in tree.find_all(exp.Column) if (word := node.parts[0].name.lower()) in _NAMES]
    words += [f"'{node.name}'" for node in tree.find_all(exp.Literal) if _is_of_today(node)]
    words += ["tablesample" for _ in tree.find_all(exp.TableSample)]
    return tuple(dict.fromkeys(word.partition("(")[0] for word in words))


def _clock_word(node: exp.Expr) -> str:
    return "unix_timestamp" if isinstance(node.parent, exp.StrToUnix) else node.sql(dialect="spark").lower()


def _is_of_today(node: exp.Literal) -> bool:
    """Whether a text is the word for a day that Spark takes in date'today' and timestamp'now'."""
    cast = node.parent
    is_time = isinstance(cast, exp.Cast) and cast.this is node and cast.to.this in exp.DataType.TEMPORAL_TYPES
    return is_time and node.is_string and node.name.strip().lower() in _OF_TODAY


def query_in(text: str) -> exp.Expr | None:
    """The one query of a text of SQL; None where it cannot be read.

    The end that a macro of a package writes, such as GROUP BY, is left out: what stands before it is read.
    """
    text = _END.sub(lambda found: found[0] if found[1] else "", text)
    try:
        found = parse_all(text, "spark")
    except SqlglotError:
        return None
    return found[0] if len(found) == 1 and isinstance(found[0], exp.Query) else None


def within_text(column: str, key: str, days: int = 0) -> str:
    """What stands for within_changed()."""
    return f" {WITHIN}('{key}', {column}, {int(days)}) "


def limit_text(model: Model, columns: Mapping[str, str]) -> str:
    """What stands for in_changed() of a model. columns: the expressions that it is given by key, or none."""
    compared = ", ".join(f"'{key}', {text}" for key, text in (columns or {key: key for key in model.keys}).items())
    return f" {LIMIT}({compared}) " if compared else " true "
