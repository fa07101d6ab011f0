"""The columns of tables, views and marts, as far as the project's files tell them.

What a macro of a package writes is not known here; a model whose columns hang on one is left to `check --deep`.
"""

from __future__ import annotations

from lakehouse.cli.model_jinja import ProjectJinja
from lakehouse.cli.model_sql import MACRO, query_in
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import SILVER
from lakehouse.publish.column_check import selected


def known_columns(jinja: ProjectJinja, contracts: Contracts) -> dict[str, tuple[str, ...]]:
    """The columns of tables of silver, views and marts by layer.table, as far as files tell them."""
    known = {f"{SILVER}.{dataset.name}": tuple(dataset.silver_column_names) for dataset in contracts.datasets}
    waiting, asked = list(jinja.models), set()  # type: list[str], set[str]
    while waiting:
        model = jinja.models[waiting[-1]]
        below = [name for name in model.refs if name in jinja.models and name not in asked]
        asked.add(waiting[-1])
        if below:
            waiting += below
            continue
        waiting.pop()
        text = jinja.full(model)
        tree = None if text is None else query_in(text)
        columns = None if tree is None else selected(tree, known)
        if columns and not {MACRO, "*", ""} & {*columns}:
            known[f"{model.schema}.{model.name}".lower()] = columns
    return known
