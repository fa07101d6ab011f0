"""Whether two expressions over a table's columns have the same value, as far as their text and the types tell."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

UNTOLD = exp.Placeholder(this="untold")
"""The value of what cannot be told without dbt or an engine."""
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INT": 10, "BIGINT": 19}
_UNITS = {"MM": "MONTH", "MON": "MONTH", "DD": "DAY", "YYYY": "YEAR", "YY": "YEAR"}
_DAYS = frozenset({"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})
_TRUNCATED = "truncated"


def is_same(value: exp.Expr, wanted: exp.Expr, types: Mapping[str, str]) -> bool:
    """Whether a value may be the wanted one; casts that cannot be judged count as none. types: of the columns, by name.

    A cast is judged where it stands on a column of a known type. A null is no key: the test of the grain refuses it.
    """
    is_null = isinstance(value.this if isinstance(value, exp.Cast) else value, exp.Null)
    return is_null or value == UNTOLD or plain(value, types) == plain(wanted, types)


def plain(value: exp.Expr, types: Mapping[str, str]) -> str:
    """The one text of all that say the same: each part is rewritten after those in it."""
    whole = exp.Tuple(expressions=[value.copy()])
    for node in reversed([*whole.walk()]):
        found, before = _one_form(node, types), node
        while found is not before:
            found, before = _one_form(found, types), found
        if found is not node:
            node.replace(found)
    return str(whole.sql(dialect="spark", comments=False))


def _one_form(node: exp.Expr, types: Mapping[str, str]) -> exp.Expr:
    if isinstance(node, exp.Paren):
        return node.unnest()
    if isinstance(node, (exp.Date, exp.TsOrDsToDate)) and not (node.args.get("format") or node.args.get("zone")):
        return exp.Cast(this=node.this, to=exp.DataType.build("date"))
    if isinstance(node, exp.Cast):
        return node.this.unnest() if _changes_nothing(node, types) else node
    if isinstance(node, (exp.DateTrunc, exp.TimestampTrunc)):
        unit = node.args["unit"].name.upper()
        return exp.func(_TRUNCATED, exp.Literal.string(_UNITS.get(unit, unit)), node.this)
    if isinstance(node, (exp.DPipe, exp.Concat)) and node.args.get("safe"):
        parts = node.expressions or [node.this, node.expression]
        nested = [part.expressions if isinstance(part, exp.Concat) else [part] for part in parts]
        return exp.Concat(expressions=[one for part in nested for one in part])
    if isinstance(node, exp.Left):
        return exp.Substring(this=node.this, start=exp.Literal.number(1), length=node.expression)
    if isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
        return exp.Case(ifs=[exp.If(this=node.this, true=node.args["true"])], default=node.args.get("false"))
    return node


def _changes_nothing(cast: exp.Cast, types: Mapping[str, str]) -> bool:
    """Whether a cast leaves each value what it is, or cannot be judged."""
    inner, to = cast.this.unnest(), cast.to
    if isinstance(inner, exp.Column):
        given = types.get(inner.name.lower())
        return given is None or _holds(to, exp.DataType.build(given, dialect="spark"))
    if isinstance(inner, exp.Anonymous) and inner.name == _TRUNCATED:
        return to.this != exp.DataType.Type.DATE or inner.expressions[0].name in _DAYS
    return not isinstance(inner, exp.Cast)


def _holds(to: exp.DataType, given: exp.DataType) -> bool:
    """Whether a type holds every value of another, unchanged."""
    if to == given:
        return True
    wide, narrow = _digits(to), _digits(given)
    return wide is not None and narrow is not None and all(w >= n for w, n in zip(wide, narrow, strict=True))


def _digits(kind: exp.DataType) -> tuple[int, int] | None:
    """The digits of a number before and after its point; None for what is no exact number."""
    if kind.this == exp.DataType.Type.DECIMAL:
        total, after = [int(part.name) for part in kind.expressions] or (10, 0)
        return total - after, after
    digits = _DIGITS.get(kind.this.value)
    return None if digits is None else (digits, 0)
