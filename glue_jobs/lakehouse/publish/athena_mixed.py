"""What Athena refuses for the types of its parts: it casts no text to a number or a day, and no number to a text.

DuckDB makes the best of such parts. The query is typed (`athena_types`); what has no known type passes.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from lakehouse.publish.athena_types import compared_as, is_day
from lakehouse.publish.athena_words import Fault

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Nullif)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_OF_ONE_KIND = (exp.Coalesce, exp.Greatest, exp.Least, exp.Case, exp.If)
_OF_TEXT = (exp.Upper, exp.Lower, exp.Length, exp.Substring, exp.Trim, exp.StrPosition, exp.RegexpLike, exp.Like,
            exp.Reverse, exp.Split, exp.SplitPart, exp.Replace, exp.StartsWith, exp.Pad)  # fmt: skip
_OF_TIMES = (exp.Year, exp.Quarter, exp.Month, exp.Week, exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfYear,
             exp.DateTrunc, exp.TimestampTrunc, exp.DateAdd, exp.TimeToStr, exp.LastDay, exp.DateDiff)  # fmt: skip
_LONGEST = 120
_NO_TEXT = frozenset({"number", "time", "boolean"})


def faults_of_types(tree: exp.Expr) -> Iterator[Fault]:
    """What Athena refuses in a typed query, and what to write instead."""
    for node in tree.walk():
        if isinstance(node, _COMPARISONS):
            yield from _of_comparison(node)
        elif isinstance(node, _ARITHMETIC):
            yield from _of_arithmetic(node)
        elif isinstance(node, (exp.DPipe, exp.Concat)):
            yield from _of_concat(node)
        elif isinstance(node, _OF_ONE_KIND):
            yield from _of_parts(node)
        elif isinstance(node, (*_OF_TEXT, *_OF_TIMES, exp.Sum, exp.Avg)):
            yield from _of_function(node)
        elif isinstance(node, exp.SetOperation):
            yield from _of_union(node)
        elif isinstance(node, (exp.Where, exp.Having, exp.Not)) and compared_as(node.this) in ("number", "text"):
            yield f"{_sql(node.this)} is no condition", "compare it, as in x <> 0"


def _of_comparison(node: exp.Expr) -> Iterator[Fault]:
    sides = [node.args[side] for side in ("expression", "low", "high") if node.args.get(side) is not None]
    for other in (*sides, *(node.expressions if isinstance(node, exp.In) else ())):
        kinds = {compared_as(node.this), compared_as(other)} - {""}
        if len(kinds) == 2 and kinds <= {"text", *_NO_TEXT}:
            first, second = sorted(kinds, key=("text", "boolean", "number", "time").index)
            yield f"{_sql(node)} compares a {first} with a {second}", _compared(node.this, other)


def _compared(left: exp.Expr, right: exp.Expr) -> str:
    """What to write where a column of a kind meets a value of another."""
    column, value = (right, left) if _is_literal(left) else (left, right)
    kind, text = compared_as(column), value.name
    if _is_literal(value):
        if kind == "text" and compared_as(value) == "number":
            return f"write '{text}'"
        if kind == "number" and compared_as(value) == "text":
            return "write the number without quotes"
        if kind == "time" and compared_as(value) == "text":
            return f"write {'date' if len(text) <= 10 else 'timestamp'} '{text or '2026-10-12'}'"
    if kind == "boolean":
        return "write true or false, or the column alone"
    return f"cast one side, as in cast({_sql(column)} as {_type_of(value)})"


def _is_literal(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) or (isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal))


def _type_of(node: exp.Expr) -> str:
    kind = compared_as(node)
    return {"text": "varchar", "number": "decimal(18, 2)", "boolean": "boolean"}.get(kind, "date")


def _of_arithmetic(node: exp.Binary) -> Iterator[Fault]:
    left, right = node.left, node.right
    kinds = [compared_as(left), compared_as(right)]
    if "text" in kinds and all(kind in ("text", "number", "time") for kind in kinds):
        text = left if kinds[0] == "text" else right
        yield f"{_sql(node)} computes with a text", f"write cast({_sql(text)} as double)"
    elif kinds == ["time", "time"] and isinstance(node, exp.Sub) and is_day(left) and is_day(right):
        found = f"{_sql(node)} is an interval in Athena and no number of days"
        yield found, f"write date_diff('day', {_sql(right)}, {_sql(left)})"
    elif set(kinds) == {"time", "number"}:
        day, amount = (left, right) if kinds[0] == "time" else (right, left)
        sign = "-" if isinstance(node, exp.Sub) else ""
        shown = _sql(amount) if isinstance(amount, exp.Literal) or not sign else f"({_sql(amount)})"
        yield f"{_sql(node)} adds a number to a time", f"write date_add('day', {sign}{shown}, {_sql(day)})"


def _of_concat(node: exp.Expr) -> Iterator[Fault]:
    parts = list(node.flatten()) if isinstance(node, exp.DPipe) else node.expressions
    if any(part.type is not None and part.type.is_type("array", "list") for part in parts):
        return
    for part in parts:
        if compared_as(part) in _NO_TEXT:
            found = f"{_sql(node)} joins a text and a {compared_as(part)}"
            yield found, f"write cast({_sql(part)} as varchar)"


def _of_parts(node: exp.Expr) -> Iterator[Fault]:
    if isinstance(node, (exp.Case, exp.If)):
        branches = node.args["ifs"] if isinstance(node, exp.Case) else [node]
        last = node.args.get("default" if isinstance(node, exp.Case) else "false")
        parts = [*(branch.args["true"] for branch in branches), *([last] if last is not None else [])]
    else:
        parts = [node.this, *node.expressions]
    yield from _of_several(_sql(node), parts)


def _of_union(node: exp.SetOperation) -> Iterator[Fault]:
    for place, pair in enumerate(zip(node.left.selects, node.right.selects, strict=False), 1):
        yield from _of_several(f"column {place} of {node.key.upper()}", [part.unalias() for part in pair])


def _of_several(shown: str, parts: list[exp.Expr]) -> Iterator[Fault]:
    kinds = {compared_as(part): part for part in parts}
    found = sorted(kind for kind in kinds if kind in ("text", *_NO_TEXT))
    if len(found) > 1:
        wanted = kinds[found[0]] if "text" not in kinds else next(p for k, p in kinds.items() if k in _NO_TEXT)
        yield f"{shown} is a {found[0]} or a {found[1]}", f"cast one, as in cast({_sql(wanted)} as varchar)"


def _of_function(node: exp.Expr) -> Iterator[Fault]:
    both = [node.this, node.expression] if isinstance(node, exp.DateDiff) else [node.this]
    for part in both:
        kind = compared_as(part)
        if isinstance(node, _OF_TEXT) and kind in _NO_TEXT:
            yield f"{_sql(node)} takes a text, not a {kind}", f"write cast({_sql(part)} as varchar)"
        elif isinstance(node, _OF_TIMES) and kind in ("text", "number"):
            day = f"date {_sql(part)}" if _is_literal(part) and kind == "text" else f"cast({_sql(part)} as date)"
            yield f"{_sql(node)} takes a time, not a {kind}", f"write {day}"
        elif isinstance(node, (exp.Sum, exp.Avg)) and kind in ("text", "boolean"):
            instead = f"count_if({_sql(part)})" if kind == "boolean" else f"{node.key}(cast({_sql(part)} as double))"
            yield f"{_sql(node)} takes a number, not a {kind}", f"write {instead}"


def _sql(node: exp.Expr) -> str:
    text = node.sql(dialect="athena")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
