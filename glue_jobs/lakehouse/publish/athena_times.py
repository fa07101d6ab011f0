"""Times in Athena's SQL for DuckDB: two timestamps of which one has a zone, sequences of days, patterns of formats."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from lakehouse.publish.athena_types import is_day

_Kind = exp.DataType.Type
# What gives a time of the zone of its first part.
_OF_ITS_ZONE = (exp.Add, exp.Sub, exp.Min, exp.Max, exp.DateAdd, exp.DateTrunc, exp.TimestampTrunc, exp.ArgMax,
                exp.ArgMin, exp.Paren, exp.Nullif)  # fmt: skip
_WITHOUT_ZONE = (_Kind.TIMESTAMP, _Kind.TIMESTAMP_S, _Kind.TIMESTAMP_MS, _Kind.TIMESTAMP_NS, _Kind.DATETIME)

_INSTANTS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Sub, exp.DateDiff)
_OF_TWO = (*_INSTANTS, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least)
# Joda's patterns, which format_datetime has, in the words of strftime.
_JODA = {
    "yyyy": "%Y", "YYYY": "%Y", "y": "%Y", "Y": "%Y", "yy": "%y", "YY": "%y", "xxxx": "%G", "MM": "%m", "M": "%-m",
    "MMM": "%b", "MMMM": "%B", "dd": "%d", "d": "%-d", "DDD": "%j", "D": "%-j", "e": "%u", "ww": "%V", "EEEE": "%A",
    **dict.fromkeys(("E", "EE", "EEE"), "%a"), "a": "%p", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M",
    "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g",
}  # fmt: skip
_PARTS = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>[^A-Za-z']+)")


def has_zone(node: exp.Expr) -> bool:
    """Whether it is a timestamp with a time zone."""
    if isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
        return any(map(has_zone, [node.this, *node.expressions]))
    if isinstance(node, _OF_ITS_ZONE):
        return has_zone(node.this)
    always = isinstance(node, (exp.CurrentTimestamp, exp.FromISO8601Timestamp))
    return always or _is(node, (_Kind.TIMESTAMPTZ, _Kind.TIMESTAMPLTZ))


def lacks_zone(node: exp.Expr) -> bool:
    """Whether it is a timestamp without a time zone."""
    return not has_zone(node) and _is(node, _WITHOUT_ZONE)


def _is(node: exp.Expr, kinds: tuple[exp.DType, ...]) -> bool:
    return node.type is not None and node.type.this in kinds


def in_one_zone(node: exp.Expr) -> exp.Expr | None:
    """A comparison of a timestamp with one that has a zone: Athena reads the first in the session's, which is UTC."""
    if not isinstance(node, _OF_TWO):
        return None
    for part in list(node.iter_expressions()) if isinstance(node, _INSTANTS) else ():
        if isinstance(part, exp.AtTimeZone) and has_zone(part.this):
            part.replace(part.this.copy())  # an instant is the same in every zone
    parts = list(node.iter_expressions())
    if not any(map(has_zone, parts)) or not any(map(lacks_zone, parts)):
        return None
    for part in parts:
        if lacks_zone(part):
            part.replace(exp.cast(part.copy(), exp.DataType.build("TIMESTAMPTZ")))
    return None


def faults_of_formats(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """Each call of format_datetime that cannot be computed here, and what to write instead."""
    for node in tree.find_all(exp.Anonymous):
        if node.name.lower() == "format_datetime" and len(node.expressions) == 2 and formatted(node) is None:
            found = f"{node.expressions[1].sql(dialect='athena')} is no pattern that format_datetime knows here"
            yield found, f"write date_format({node.expressions[0].sql(dialect='athena')}, '%Y-%m-%d %H:%i')"


def sequence_of_days(node: exp.Expr) -> exp.Expr | None:
    """A sequence of days is one of days, where DuckDB gives times; it goes by one day where no step is given."""
    if not isinstance(node, exp.GenerateSeries) or not is_day(node.args["start"]):
        return None
    days = node.copy()
    if not days.args.get("step"):
        days.set("step", exp.Interval(this=exp.Literal.string("1"), unit=exp.var("DAY")))
    return exp.cast(days, exp.DataType.build("ARRAY<DATE>"))


def formatted(node: exp.Expr) -> exp.Expr | None:
    """format_datetime of a known pattern as strftime; None where a letter of the pattern has no match there."""
    if not isinstance(node, exp.Anonymous) or node.name.lower() != "format_datetime" or len(node.expressions) != 2:
        return None
    time, pattern = node.expressions
    words = strftime_pattern(pattern.name) if isinstance(pattern, exp.Literal) else None
    if words is None:
        return None
    plain = exp.cast(time.copy(), exp.DataType.build("TIMESTAMP"))
    return exp.Anonymous(this="strftime", expressions=[plain, exp.Literal.string(words)])


def strftime_pattern(joda: str) -> str | None:
    """Joda's pattern as that of strftime; None for one with a letter that strftime has not."""
    words = []
    for part in _PARTS.finditer(joda.replace("%", "%%")):
        if part["letters"]:
            if part["letters"] not in _JODA:
                return None
            words.append(_JODA[part["letters"]])
        elif part["other"]:
            words.append(part["other"])
        else:
            words.append(part["quoted"].replace("''", "'") or "'")  # two quotes are one, wherever they stand
    return "".join(words)
