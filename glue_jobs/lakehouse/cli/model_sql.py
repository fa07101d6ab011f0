"""The SQL of dbt's models without dbt: enough of it to know which columns a view has and what a mart asks of the clock.

What a macro writes is not known here; a model whose columns hang on one is left to `check --deep`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.mart_graph import Model
from lakehouse.publish.column_check import selected

_MACRO = "written_by_a_macro"
_LEFT_OUT = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{-?\s*config\(.*?\)\s*-?\}\}", re.DOTALL)
_REF = re.compile(r"\{\{-?\s*ref\(\s*['\"]([\w-]+)['\"]\s*\)\s*-?\}\}")
_SOURCE = re.compile(r"\{\{-?\s*source\(\s*['\"][\w-]+['\"]\s*,\s*['\"]([\w-]+)['\"]\s*\)\s*-?\}\}")
_LAST = re.compile(r"\{\{(?:(?!\}\}).)*\}\}[\s;]*\Z", re.DOTALL)
_WHOLE = re.compile(r"\(\s*\{\{(?:(?!\}\}).)*\}\}\s*\)", re.DOTALL)
_OTHER = re.compile(r"\{\{.*?\}\}", re.DOTALL)


_BY_CLOCK = (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.Rand, exp.Randn, exp.Uuid, exp.Shuffle)
_BY_NAME = frozenset({"now", "getdate", "localtimestamp", "monotonically_increasing_id", "input_file_name"})


def clock_words(tree: exp.Expr) -> tuple[str, ...]:
    """What a query asks that gives another value at each run: the clock, chance, or where a row lies."""
    words = [node.sql(dialect="spark").lower() for node in tree.find_all(*_BY_CLOCK)]
    words += [node.name.lower() for node in tree.find_all(exp.Anonymous) if node.name.lower() in _BY_NAME]
    return tuple(dict.fromkeys(word.partition("(")[0] for word in words))


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
        if columns and not {_MACRO, "*", ""} & {*columns}:
            known[f"{model.schema}.{model.name}".lower()] = columns
    return known


def tree_of(model: Model, models: Mapping[str, Model], root: Path) -> exp.Expr | None:
    """The query of a model; None where it cannot be told without dbt. root: the project's folder."""
    text = _LEFT_OUT.sub("", (root / model.file).read_text(encoding="utf-8"))
    text = _REF.sub(lambda found: _named(models, found[1]), text)
    text = _SOURCE.sub(rf"{SILVER}.\1", text)
    text = _WHOLE.sub(f"(select {_MACRO})", _LAST.sub("", text))
    text = _OTHER.sub(f" {_MACRO} ", text)
    try:
        found = sqlglot.parse(text, dialect="spark")
    except SqlglotError:
        return None
    return found[0] if len(found) == 1 and isinstance(found[0], exp.Query) else None


def _named(models: Mapping[str, Model], name: str) -> str:
    return f"{models[name].schema}.`{name}`" if name in models else name
