"""Parts of queries: those of a query itself, and columns that a subquery sees outside of it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

OUTER = "outer."
"""What the name of a source begins with, in a subquery that names a column outside of it."""


def own_nodes(nodes: list[exp.Expr | None], kind: type[exp.Expr]) -> Iterator[exp.Expr]:
    """The nodes of a kind in some expressions, without those of the queries in them."""
    for node in nodes:
        if node is not None:
            yield from (
                part for part in node.walk(prune=lambda one: isinstance(one, exp.Query)) if isinstance(part, kind)
            )


def text_of(node: exp.Expr) -> str:
    """An expression, for people."""
    return str(node.sql(dialect="spark", comments=False, normalize_functions="lower"))


def outside(node: exp.Expr) -> exp.Expr:
    """An expression of a SELECT as a subquery in it sees it."""
    for column in node.find_all(exp.Column):
        if column.table:
            column.set("table", exp.to_identifier(f"{OUTER}{column.table}", quoted=True))
    return node


def is_outside(node: exp.Expr) -> bool:
    """Whether an expression of a subquery is of columns outside of it alone."""
    columns = [*node.find_all(exp.Column)]
    return bool(columns) and all(column.table.startswith(OUTER) for column in columns)


def inside(node: exp.Expr) -> exp.Expr:
    """The same expression where its columns are."""
    found = node.copy()
    for column in found.find_all(exp.Column):
        column.set("table", exp.to_identifier(column.table.removeprefix(OUTER)))
    return found
