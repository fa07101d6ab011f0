"""The types that Athena gives to numbers: precision and scale of every decimal in a parsed query.

From Trino's rules for decimals (its documentation, "Decimal functions and operators"), checked against Trino itself in
`tests/trino`. sqlglot tells the types of columns, also through subqueries and joins, but no precision or scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlglot import exp
from sqlglot.dialects.athena import Athena
from sqlglot.optimizer.annotate_types import TypeAnnotator, annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

WIDEST = 38
"""The digits of the widest decimal."""

_Kind = exp.DataType.Type
# The digits of an integer that meets a decimal.
_DIGITS = {_Kind.TINYINT: 3, _Kind.SMALLINT: 5, _Kind.INT: 10, _Kind.BIGINT: 19}


def typed(query: exp.Expr, columns: Mapping[str, Mapping[str, Mapping[str, str]]]) -> exp.Expr:
    """The query with each column's table written out and each expression's type, as Athena sees them.

    columns: layer → table → column → type in DuckDB's words. Raises sqlglot's OptimizeError where a name is ambiguous.
    """
    schema = MappingSchema(dict(columns), dialect="duckdb")
    named = qualify(
        query.copy(),
        schema=schema,
        dialect="athena",
        quote_identifiers=False,
        validate_qualify_columns=False,
    )
    return annotate_types(named, schema=schema, expression_metadata=_METADATA, dialect="athena")


def is_whole(node: exp.Expr) -> bool:
    """Whether it is an integer."""
    return _kind(node) in _DIGITS


def is_decimal(node: exp.Expr) -> bool:
    """Whether it is a decimal."""
    return bool(_kind(node) == _Kind.DECIMAL)


def is_day(node: exp.Expr) -> bool:
    """Whether it is a date."""
    return bool(_kind(node) == _Kind.DATE)


def is_float(node: exp.Expr) -> bool:
    """Whether it is a double or a real."""
    return _kind(node) in (_Kind.DOUBLE, _Kind.FLOAT)


def compared_as(node: exp.Expr) -> str:
    """What Athena compares it as: `text`, `number`, `time` or `boolean`; empty for else, which it may compare."""
    kind = _kind(node)
    if kind in exp.DataType.TEXT_TYPES:
        return "text"
    if kind in exp.DataType.NUMERIC_TYPES:
        return "number"
    if kind == _Kind.BOOLEAN:
        return "boolean"
    return "time" if kind in exp.DataType.TEMPORAL_TYPES else ""


def scale(node: exp.Expr) -> int:
    """The digits after the point of an integer or a decimal."""
    return _shape(node.type)[1]


def _kind(node: exp.Expr) -> Any:
    return node.type.this if node.type is not None else _Kind.UNKNOWN


def _shape(kind: exp.DataType | None) -> tuple[int, int]:
    """Precision and scale of an integer or a decimal."""
    if kind is None or kind.this != _Kind.DECIMAL:
        return (WIDEST if kind is None else _DIGITS.get(kind.this, WIDEST)), 0
    sizes = [int(size.name) for size in kind.expressions]
    return (sizes[0], sizes[1] if len(sizes) > 1 else 0) if sizes else (WIDEST, 0)


def _decimal(precision: int, digits: int) -> exp.DataType:
    return exp.DataType.build(f"DECIMAL({min(precision, WIDEST)}, {digits})")


def _common(kinds: Iterable[exp.DataType]) -> exp.DataType | None:
    """The type that holds all of some decimals and integers; None where that is not what they are."""
    known = [kind for kind in kinds if kind.this != _Kind.NULL]
    if not known or any(kind.this not in (_Kind.DECIMAL, *_DIGITS) for kind in known):
        return None
    if all(kind.this in _DIGITS for kind in known):
        return max(known, key=lambda kind: _DIGITS[kind.this])
    shapes = [_shape(kind) for kind in known]
    digits = max(scale for _, scale in shapes)
    return _decimal(max(precision - scale for precision, scale in shapes) + digits, digits)


def _sum(left: tuple[int, int], right: tuple[int, int]) -> exp.DataType:
    digits = max(left[1], right[1])
    return _decimal(max(left[0] - left[1], right[0] - right[1]) + digits + 1, digits)


def _product(left: tuple[int, int], right: tuple[int, int]) -> exp.DataType:
    return _decimal(left[0] + right[0], left[1] + right[1])


def _quotient(left: tuple[int, int], right: tuple[int, int]) -> exp.DataType:
    return _decimal(left[0] + right[1] + max(0, right[1] - left[1]), max(left[1], right[1]))


def _rest(left: tuple[int, int], right: tuple[int, int]) -> exp.DataType:
    digits = max(left[1], right[1])
    return _decimal(min(left[0] - left[1], right[0] - right[1]) + digits, digits)


_Rule = Callable[[tuple[int, int], tuple[int, int]], exp.DataType]


def _of_two(rule: _Rule, otherwise: Callable[[TypeAnnotator, Any], Any]) -> Callable[[TypeAnnotator, Any], Any]:
    """The annotator of an operator: a rule for decimals, beside sqlglot's own for anything else."""

    def annotate(annotator: TypeAnnotator, node: Any) -> Any:
        otherwise(annotator, node)
        both = (node.left.type, node.right.type)
        numbers = all(kind is not None and kind.this in (_Kind.DECIMAL, *_DIGITS) for kind in both)
        if numbers and any(kind.this == _Kind.DECIMAL for kind in both):
            annotator._set_type(node, rule(_shape(both[0]), _shape(both[1])))
        elif numbers:
            annotator._set_type(node, _common(both))
        return node

    return annotate


def _of_parts(
    parts: Callable[[Any], list[exp.Expr]], otherwise: Callable[[TypeAnnotator, Any], Any]
) -> Callable[[TypeAnnotator, Any], Any]:
    """The annotator of what gives one of its parts: the type that holds all of them."""

    def annotate(annotator: TypeAnnotator, node: Any) -> Any:
        otherwise(annotator, node)
        kinds = [part.type for part in parts(node) if part.type is not None]
        common = _common(kinds)
        if common is not None:
            annotator._set_type(node, common)
        return node

    return annotate


def _annotate_literal(annotator: TypeAnnotator, node: exp.Literal) -> exp.Literal:
    """`0.50` is a decimal with two digits after the point; only `5E-1` is a double."""
    text = node.name
    if node.is_string:
        return annotator._set_type(node, _Kind.VARCHAR)  # type: ignore[return-value]
    if "e" in text.lower():
        return annotator._set_type(node, _Kind.DOUBLE)  # type: ignore[return-value]
    if "." in text:
        before, after = text.split(".")
        digits = len(before.lstrip("0")) + len(after)
        return annotator._set_type(node, _decimal(max(digits, 1), len(after)))  # type: ignore[return-value]
    return annotator._set_type(node, _Kind.INT if int(text) < 1 << 31 else _Kind.BIGINT)  # type: ignore[return-value]


def _annotate_sum(annotator: TypeAnnotator, node: exp.Sum) -> Any:
    kind = node.this.type
    if kind is not None and kind.this == _Kind.DECIMAL:
        return annotator._set_type(node, _decimal(WIDEST, _shape(kind)[1]))
    return annotator._set_type(node, _Kind.BIGINT if kind is not None and kind.this in _DIGITS else kind)


def _annotate_average(annotator: TypeAnnotator, node: exp.Avg) -> Any:
    kind = node.this.type
    return annotator._set_type(node, kind if kind is not None and kind.this == _Kind.DECIMAL else _Kind.DOUBLE)


def _annotate_as_first(annotator: TypeAnnotator, node: Any) -> Any:
    return annotator._set_type(node, node.this.type)


def _annotate_rounded(annotator: TypeAnnotator, node: Any) -> Any:
    kind = node.this.type
    if kind is None or kind.this != _Kind.DECIMAL:
        return annotator._set_type(node, kind)
    precision, digits = _shape(kind)
    keeps = node.args.get("decimals") is not None
    grown = _decimal(precision + 1, digits) if keeps else _decimal(precision - digits + min(digits, 1), 0)
    return annotator._set_type(node, grown)


def _branches(node: Any) -> list[exp.Expr]:
    """What a CASE or an IF may give."""
    given = [branch.args["true"] for branch in node.args["ifs"]] if isinstance(node, exp.Case) else [node.args["true"]]
    last = node.args.get("default") if isinstance(node, exp.Case) else node.args.get("false")
    return [*given, *([last] if last is not None else [])]


def _own(kind: type[exp.Expr]) -> Callable[[TypeAnnotator, Any], Any]:
    """Sqlglot's own way to annotate a node."""
    known: Any = Athena.EXPRESSION_METADATA.get(kind, {})
    if "annotator" in known:
        return known["annotator"]  # type: ignore[no-any-return]
    return lambda annotator, node: annotator._set_type(node, known.get("returns"))


def _metadata() -> dict[Any, Any]:
    rules: dict[Any, Any] = {
        **{kind: _of_two(rule, _own(kind)) for kind, rule in (
            (exp.Add, _sum), (exp.Sub, _sum), (exp.Mul, _product), (exp.Div, _quotient), (exp.Mod, _rest),
        )},
        **{kind: _of_parts(lambda node: [node.this, *node.expressions], _own(kind)) for kind in (
            exp.Coalesce, exp.Greatest, exp.Least,
        )},
        **{kind: _of_parts(_branches, _own(kind)) for kind in (exp.Case, exp.If)},
        exp.Nullif: _of_parts(lambda node: [node.this], _own(exp.Nullif)),
        **dict.fromkeys((exp.ArgMax, exp.ArgMin), _annotate_as_first),
        exp.Literal: _annotate_literal,
        exp.TimeToUnix: lambda annotator, node: annotator._set_type(node, _Kind.DOUBLE),
        exp.Sum: _annotate_sum,
        exp.Avg: _annotate_average,
        **dict.fromkeys((exp.Round, exp.Ceil, exp.Floor, exp.Trunc), _annotate_rounded),
    }  # fmt: skip
    return {**Athena.EXPRESSION_METADATA, **{kind: {"annotator": rule} for kind, rule in rules.items()}}


_METADATA = _metadata()
