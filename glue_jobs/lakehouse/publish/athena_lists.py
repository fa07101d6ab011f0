"""Lists in Athena's SQL: their positions, and UNNEST, which gives a column for each field of a row there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp
from sqlglot.dialects.athena import Athena

_Kind = exp.DataType.Type
_LISTS = (_Kind.ARRAY, _Kind.LIST)


def faults_of_lists(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """Each UNNEST that names another number of columns than its rows have, or the values of a list by its table alone.

    Without names the columns of rows have those of the fields; values and the entries of a map have none.
    """
    for node in tree.find_all(exp.Unnest):
        alias = node.args.get("alias")
        if alias is None or len(node.expressions) != 1:
            continue
        fields, named = _fields(node.expressions[0]), _named(node, alias)
        if fields and len(named) != len(fields) and (named or _is_map(node.expressions[0])):
            found = f"UNNEST of rows with {len(fields)} fields has a name for {len(named)} columns"
            yield found, f"write AS t({', '.join(fields)})"
        elif not named and not fields and _is_list(node.expressions[0]):
            yield f"UNNEST has no name for its column, which {alias.name} is not", f"write AS {alias.name}(value)"


def with_positions_as_written(tree: exp.Expr) -> exp.Expr:
    """The tree, as it was parsed, with each position in a list as it is written, for both engines count from 1.

    sqlglot's parser takes 1 from a position that it sees to be a number, and its generator adds 1 to each whose type is
    known by then: a column's value would name the element after the one that is asked for.
    """
    generator = Athena().generator()
    for node in tree.find_all(exp.Bracket):
        written = [position.copy() for position in generator.bracket_offset_expressions(node)]
        node.set("expressions", written)
        node.set("offset", 1)
    return tree


def has_name(selected: exp.Expr) -> bool:
    """Whether Athena names a column after what is selected: a column, or a field of one, and none of an element."""
    if isinstance(selected, (exp.Alias, exp.Star)):
        return True
    while isinstance(selected, exp.Dot):
        selected = selected.this
    return isinstance(selected, exp.Column)


def rows_of_list(node: exp.Unnest) -> exp.Expr | None:
    """What stands for an UNNEST of rows or of a map in DuckDB; None for one of plain values."""
    alias = node.args.get("alias")
    if alias is None or len(node.expressions) != 1 or not _fields(node.expressions[0]):
        return None
    place = node.args.get("offset")
    named = _named(node, alias) or [exp.to_identifier(field) for field in _fields(node.expressions[0])]
    values = node.expressions[0].copy()
    listed = exp.func("map_entries", values) if _is_map(node.expressions[0]) else values
    columns = [exp.Anonymous(this="unnest", expressions=[listed, exp.Var(this="max_depth := 2")])]
    if place:
        columns.append(exp.Anonymous(this="generate_subscripts", expressions=[listed.copy(), exp.Literal.number(1)]))
    names = [*(column.copy() for column in named), *([exp.to_identifier(place.name)] if place else [])]
    shown = exp.TableAlias(this=alias.this.copy() if alias.this else exp.to_identifier("t"), columns=names)
    return exp.Lateral(this=exp.Subquery(this=exp.select(*columns)), alias=shown)


def _named(node: exp.Unnest, alias: Any) -> list[exp.Expr]:
    """The names of the columns, without that of the position."""
    return [column for column in alias.args.get("columns") or () if column is not node.args.get("offset")]


def _is_list(values: exp.Expr) -> bool:
    return values.type is not None and values.type.this in _LISTS


def _is_map(values: exp.Expr) -> bool:
    return isinstance(values, exp.MapFromEntries) or (values.type is not None and values.type.this == _Kind.MAP)


def _fields(values: exp.Expr) -> list[str]:
    """The columns that a list has in Athena, where its elements are rows; a map has two."""
    if _is_map(values):
        return ["key", "value"]
    kind = values.type
    if kind is None or kind.this not in _LISTS or not kind.expressions:
        return []
    element = kind.expressions[0]
    is_row = isinstance(element, exp.DataType) and element.this == _Kind.STRUCT
    return [field.name for field in element.expressions] if is_row else []
