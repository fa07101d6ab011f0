"""Athena's SQL for DuckDB: the same rows from both, also where the two compute differently.

sqlglot translates syntax and functions. What it leaves to each engine is written out here: a division of integers
gives an integer, one of decimals a decimal that is rounded half up, an average of decimals too, a division by zero is
an error, and a function that Athena does not have is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse.errors import UsageError
from lakehouse.publish.athena_lists import faults_of_lists, has_name, rows_of_list, with_positions_as_written
from lakehouse.publish.athena_mixed import faults_of_types
from lakehouse.publish.athena_names import faults_of_names
from lakehouse.publish.athena_times import faults_of_formats, formatted, in_one_zone, sequence_of_days
from lakehouse.publish.athena_types import is_day, is_decimal, is_float, is_whole, scale, typed
from lakehouse.publish.athena_words import faults_of_words
from lakehouse.publish.query_errors import DIVISION_BY_ZERO

# A cast that fails, for TRY takes no error(), which DuckDB counts as volatile.
_BY_ZERO = f"CAST('{DIVISION_BY_ZERO}' AS INT128)"
_DIVISIONS = frozenset({"athena_whole", "athena_rest", "athena_half_up"})
MACROS = (
    f"CREATE OR REPLACE TEMP MACRO athena_whole(n, d) AS CASE WHEN d = 0 THEN {_BY_ZERO} ELSE n // d END",
    f"CREATE OR REPLACE TEMP MACRO athena_rest(n, d) AS CASE WHEN d = 0 THEN {_BY_ZERO} ELSE n % d END",
    # Rounded half up, away from zero; // and % of DuckDB cut towards zero.
    f"CREATE OR REPLACE TEMP MACRO athena_half_up(n, d) AS CASE WHEN d = 0 THEN {_BY_ZERO} "
    "ELSE n // d + CASE WHEN 2 * abs(n % d) >= abs(d) THEN sign(n) * sign(d) ELSE 0 END END",
    "CREATE OR REPLACE TEMP MACRO every(x) AS bool_and(x)",
    "CREATE OR REPLACE TEMP MACRO codepoint(x) AS unicode(x)",
)
"""What a translated query calls; the connection needs them."""

_UNNAMED = "_unnamed_"
# Of a day these give a day, where DuckDB gives a time.
_OF_DAYS = (exp.DateTrunc, exp.TimestampTrunc, exp.DateAdd, exp.DateSub)


class NotAthenaError(UsageError):
    """A query is not written in Athena's SQL; nothing of it was run."""

    def __init__(self, found: str, instead: str) -> None:
        self.found, self.instead = found, instead
        super().__init__(
            f"The query was not run: {found}. Wanted: Athena's SQL; {instead}, or add --duckdb for DuckDB's own."
        )


def for_duckdb(query: exp.Expr, columns: Mapping[str, Mapping[str, Mapping[str, str]]], text: str) -> str:
    """A query in Athena's SQL → one for DuckDB that gives the same rows; raises NotAthenaError.

    columns: layer → table → column → DuckDB's type. text: what the query was parsed from.
    """
    try:
        for fault, instead in chain(faults_of_words(query, text), faults_of_names(query, columns)):
            raise NotAthenaError(fault, instead)
        tree = typed(_marked(_with_zones(with_positions_as_written(query.copy()))), columns)
    except SqlglotError as error:
        raise NotAthenaError(_reason(error), "name each column's table") from None
    for fault, instead in chain(faults_of_types(tree), faults_of_lists(tree), faults_of_formats(tree)):
        raise NotAthenaError(fault, instead)
    _name_by_place(tree)
    return _exact(tree).sql(dialect="duckdb")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200]


def _with_zones(tree: exp.Expr) -> exp.Expr:
    """The tree with AT TIME ZONE for the function that Athena has beside it, which DuckDB does not know."""

    def zoned(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Anonymous) or node.name.upper() != "AT_TIMEZONE" or len(node.expressions) != 2:
            return node
        return exp.AtTimeZone(this=node.expressions[0], zone=node.expressions[1])

    return tree.transform(zoned)


def _marked(tree: exp.Expr) -> exp.Expr:
    """The tree with a mark as the name of each column that has none; * is not known yet, nor what follows it."""
    for select in tree.find_all(exp.Select):
        for column in select.expressions:
            if not has_name(column):
                column.replace(exp.alias_(column.copy(), f"{_UNNAMED}{column.depth}_{column.index}"))
    return tree


def _name_by_place(tree: exp.Expr) -> None:
    """Name the marked columns as Athena does: `_col0`, by their place."""
    names: dict[str, str] = {}
    for select in tree.find_all(exp.Select):
        marked = ((place, column) for place, column in enumerate(select.selects) if column.alias.startswith(_UNNAMED))
        for place, column in marked:
            names[column.alias] = f"_col{place}"
            column.set("alias", exp.to_identifier(names[column.alias]))
    for column in tree.find_all(exp.Column):
        if column.name in names:
            column.set("this", exp.to_identifier(names[column.name]))


def _exact(tree: exp.Expr) -> exp.Expr:
    """The tree with every computation in which the engines differ written out, the inner ones first."""
    root = exp.Paren(this=tree)
    for node in sorted(root.walk(), key=lambda node: node.depth, reverse=True):
        changed = _changed(node)
        if changed is not None:
            changed.type = node.type  # what stands around it asks for that
            node.replace(changed)
    exact: exp.Expr = root.this
    return exact


def _changed(node: exp.Expr) -> exp.Expr | None:
    """What stands in a node's place; None for a node that both engines compute alike."""
    if isinstance(node, (exp.Div, exp.Mod)):
        return _divided(node)
    if isinstance(node, exp.Unnest):
        return rows_of_list(node)
    if isinstance(node, exp.Try) and node.find(exp.AggFunc):
        return _tried(node)
    for translated in (in_one_zone, sequence_of_days, formatted):
        if (changed := translated(node)) is not None:
            return changed
    average = _average_in(node)
    if average is not None and is_decimal(average):
        return _averaged(node, average)
    if isinstance(node, exp.DateDiff):
        # Whole units between the two; DuckDB's own counts the borders that are passed.
        return _call("date_sub", exp.Literal.string(node.text("unit").lower() or "day"), node.expression, node.this)
    if isinstance(node, _OF_DAYS) and is_day(node.this) and not node.find(exp.Interval):
        return exp.cast(node.copy(), "DATE")
    if isinstance(node, (exp.Add, exp.Sub)) and is_day(node.left) and isinstance(node.right, exp.Interval):
        return exp.cast(node.copy(), "DATE")
    if isinstance(node, (exp.ArgMax, exp.ArgMin)) and not node.args.get("count"):
        # DuckDB passes over rows without a value, Athena does not.
        return _call("arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null", node.this, node.expression)
    if isinstance(node, (exp.Round, exp.Ceil, exp.Floor, exp.Trunc)) and is_decimal(node.this):
        return _as_decimal(node.copy(), scale(node))
    if isinstance(node, (exp.Cast, exp.TryCast)) and is_whole(node) and is_float(node.this):
        rounded = node.copy()
        rounded.set("this", exp.Round(this=node.this.copy()))
        return rounded
    return None


def _tried(node: exp.Try) -> exp.Expr:
    """A TRY of aggregates, which DuckDB takes none of: without it, and what fails inside gives null."""
    inner: exp.Expr = node.this.copy()
    for call in inner.find_all(exp.Anonymous):
        if call.name.lower() in _DIVISIONS:
            call.expressions[1].replace(exp.Nullif(this=call.expressions[1].copy(), expression=exp.Literal.number(0)))
    for cast in inner.find_all(exp.Cast):
        cast.replace(exp.TryCast(**dict(cast.args.items())))
    return exp.Paren(this=inner)


def _divided(node: exp.Div | exp.Mod) -> exp.Expr | None:
    """A quotient or a remainder; with a double on a side both engines compute it alike."""
    left, right, is_rest = node.left, node.right, isinstance(node, exp.Mod)
    if is_whole(left) and is_whole(right):
        return _call("athena_rest" if is_rest else "athena_whole", left, right)
    if is_float(left) or is_float(right):
        return None
    _require_number(left, node)
    _require_number(right, node)
    digits = scale(node)
    if is_rest:
        both = (_shifted(side, digits - scale(side)) for side in (left, right))
        return _decimal_of(_call("athena_rest", *both), digits)
    shift = digits - scale(left) + scale(right)
    return _decimal_of(_call("athena_half_up", _shifted(left, shift), _unscaled(right)), digits)


def _require_number(side: exp.Expr, node: exp.Expr) -> None:
    if not (is_decimal(side) or is_whole(side)):
        text = side.sql(dialect="athena")
        raise NotAthenaError(
            f"the type of {text} in {node.sql(dialect='athena')} is not known", "cast it, as in CAST(… AS double)"
        )


def _average_in(node: exp.Expr) -> exp.Avg | None:
    """The average that an expression is: bare, with a FILTER, or over a window; the outermost of these counts."""
    if isinstance(node.parent, (exp.Filter, exp.Window)) and node.arg_key == "this":
        return None
    inner = node
    while isinstance(inner, (exp.Filter, exp.Window)):
        inner = inner.this
    return inner if isinstance(inner, exp.Avg) else None


def _averaged(node: exp.Expr, average: exp.Avg) -> exp.Expr:
    """A sum by a count, with what stands around the average around both."""
    digits = scale(average)
    total = _with_in_place_of_average(node, exp.Sum(this=average.this.copy()))
    count = _with_in_place_of_average(node, exp.Count(this=average.this.copy()))
    nothing_counted = exp.Nullif(this=count, expression=exp.Literal.number(0))
    return _decimal_of(_call("athena_half_up", _unscaled_by(total, digits), nothing_counted), digits)


def _with_in_place_of_average(node: exp.Expr, other: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Avg):
        return other
    copy = node.copy()
    average = copy.find(exp.Avg)
    if average is not None:
        average.replace(other)
    return copy


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def _unscaled(node: exp.Expr) -> exp.Expr:
    """All digits of a number as an integer: 1.20 with two digits after the point is 120."""
    return _unscaled_by(node.copy(), scale(node))


def _unscaled_by(node: exp.Expr, digits: int) -> exp.Expr:
    text = exp.cast(_as_decimal(node, digits), "TEXT")
    plain = exp.Anonymous(this="replace", expressions=[text, exp.Literal.string("."), exp.Literal.string("")])
    return exp.cast(plain, exp.DataType.build("INT128"))


def _shifted(node: exp.Expr, places: int) -> exp.Expr:
    power = exp.cast(exp.Literal.string(str(10**places)), exp.DataType.build("INT128"))
    return exp.Mul(this=_unscaled(node), expression=power) if places else _unscaled(node)


def _as_decimal(node: exp.Expr, digits: int) -> exp.Expr:
    return exp.cast(node, exp.DataType.build(f"DECIMAL(38, {digits})"))


def _decimal_of(unscaled: exp.Expr, digits: int) -> exp.Expr:
    """An integer of all digits as a decimal."""
    number = _as_decimal(unscaled, 0)
    if not digits:
        return number
    unit = exp.cast(exp.Literal.string(f"0.{'1'.rjust(digits, '0')}"), f"DECIMAL({digits + 1}, {digits})")
    return exp.Paren(this=exp.Mul(this=number, expression=unit))
