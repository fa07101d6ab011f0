"""The SQL of dbt's models without dbt: enough of it to know which columns a view has and what a mart asks of the clock.

What a macro writes is not known here; a model whose columns hang on one is left to `check --deep`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.mart_graph import Model
from lakehouse.publish.column_check import selected
from lakehouse.publish.parsed import parse_all

MACRO = "written_by_a_macro"
"""What stands in a tree for the text of a macro."""
LIMIT = "in_changed"
"""What stands in a tree for that macro: a function of each key's name and of what is compared with the changed ones."""
WITHIN = "within_changed"
"""What stands in a tree for that macro: a function of the key's name, of what is compared, and of the days after."""
_LEFT_OUT = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{-?\s*config\(.*?\)\s*-?\}\}", re.DOTALL)
_REF = re.compile(r"\{\{-?\s*ref\(\s*['\"]([\w-]+)['\"]\s*\)\s*-?\}\}")
_SOURCE = re.compile(r"\{\{-?\s*source\(\s*['\"][\w-]+['\"]\s*,\s*['\"]([\w-]+)['\"]\s*\)\s*-?\}\}")
_ELEMENTS = re.compile(r"\{\{-?\s*elements\(\s*['\"](\w+)['\"]\s*,\s*source\([^()]*\)\s*\)\s*-?\}\}")
_IN_CHANGED = re.compile(r"\{\{-?\s*in_changed\(\s*(?:columns\s*=)?((?:(?!\}\}).)*)\)\s*-?\}\}", re.DOTALL)
_WITHIN_CHANGED = re.compile(r"\{\{-?\s*within_changed\(((?:(?!\}\}).)*)\)\s*-?\}\}", re.DOTALL)
_CONDITION = re.compile(r"\{\{-?\s*not_deleted\((?:(?!\}\}).)*\}\}", re.DOTALL)
_LAST = re.compile(
    r"(\b(?:on|where|having|and|or|not|by|from|join|select)\b|[,=<>(+-])?\s*\{\{(?:(?!\}\}).)*\}\}[\s;]*\Z",
    re.DOTALL | re.IGNORECASE,
)
_WHOLE = re.compile(r"\(\s*\{\{(?:(?!\}\}).)*\}\}\s*\)", re.DOTALL)
_OTHER = re.compile(r"\{\{.*?\}\}", re.DOTALL)


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


def known_columns(models: Mapping[str, Model], root: Path, contracts: Contracts) -> dict[str, tuple[str, ...]]:
    """The columns of tables of silver, views and marts by layer.table, as far as files tell them."""
    known = {f"{SILVER}.{dataset.name}": tuple(dataset.silver_column_names) for dataset in contracts.datasets}
    waiting, asked = list(models), set()  # type: list[str], set[str]
    while waiting:
        model = models[waiting[-1]]
        below = [name for name in model.refs if name in models and name not in asked]
        asked.add(waiting[-1])
        if below:
            waiting += below
            continue
        waiting.pop()
        tree = tree_of(model, models, root)
        columns = None if tree is None else selected(tree, known)
        if columns and not {MACRO, "*", ""} & {*columns}:
            known[f"{model.schema}.{model.name}".lower()] = columns
    return known


def tree_of(
    model: Model, models: Mapping[str, Model], root: Path, lists: Mapping[str, str] = MappingProxyType({})
) -> exp.Expr | None:
    """The query of a model; None where it cannot be told without dbt.

    root: the project's folder. lists: the query of each list that a contract explodes, where it is to be in the tree.
    """
    text = _LEFT_OUT.sub("", (root / model.file).read_text(encoding="utf-8"))
    text = _ELEMENTS.sub(lambda found: f"({lists[found[1]]})" if found[1] in lists else found[0], text)
    text = _CONDITION.sub(" true ", _IN_CHANGED.sub(lambda found: _limit(model, found[1]), text))
    text = _WITHIN_CHANGED.sub(lambda found: _within(found[1]), text)
    text = _REF.sub(lambda found: _named(models, found[1]), text)
    text = _SOURCE.sub(rf"{SILVER}.\1", text)
    text = _WHOLE.sub(f"(select {MACRO})", _LAST.sub(lambda found: f"{found[1]} {MACRO}" if found[1] else "", text))
    return query_in(_OTHER.sub(f" {MACRO} ", text))


def query_in(text: str) -> exp.Expr | None:
    """The one query of a text of SQL; None where it cannot be read."""
    try:
        found = parse_all(text, "spark")
    except SqlglotError:
        return None
    return found[0] if len(found) == 1 and isinstance(found[0], exp.Query) else None


def _named(models: Mapping[str, Model], name: str) -> str:
    return f"{models[name].schema}.`{name}`" if name in models else name


def _limit(model: Model, given: str) -> str:
    """The condition that in_changed() is, by what it is given; it holds nothing where only dbt knows that."""
    try:
        return limit_text(model, ast.literal_eval(given.strip() or "{}"))
    except (ValueError, SyntaxError):
        return " true "


def _within(given: str) -> str:
    """The condition that within_changed() is, by what it is given; it holds nothing where only dbt knows that."""
    try:
        call = ast.parse(f"within({given.strip()})", mode="eval").body
        assert isinstance(call, ast.Call)
        named = dict(zip(("column", "key", "days"), map(ast.literal_eval, call.args), strict=False))
        return within_text(**named, **{str(one.arg): ast.literal_eval(one.value) for one in call.keywords})
    except (ValueError, SyntaxError, TypeError):
        return " true "


def within_text(column: str, key: str, days: int = 0) -> str:
    """What stands for within_changed()."""
    return f" {WITHIN}('{key}', {column}, {int(days)}) "


def limit_text(model: Model, columns: Mapping[str, str]) -> str:
    """What stands for in_changed() of a model. columns: the expressions that it is given by key, or none."""
    compared = ", ".join(f"'{key}', {text}" for key, text in (columns or {key: key for key in model.keys}).items())
    return f" {LIMIT}({compared}) " if compared else " true "
