"""Whether the days that within_changed() reads are all that the changed keys of a mart are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from lakehouse.cli.key_nodes import text_of
from lakehouse.cli.key_relations import Frame, Mix, Span
from lakehouse.cli.key_values import plain
from lakehouse.contracts.mart_graph import PAGE

_DAYS_AFTER = {"DAY": 0, "WEEK": 6, "MONTH": 30, "QUARTER": 91, "YEAR": 365}
_OF_FORMAT = {"yyyy-MM-dd": 0, "yyyyMMdd": 0, "yyyy-MM": 30, "yyyyMM": 30, "yyyy": 365}
_TIMES = ("TIMESTAMP", "TIMESTAMP_NTZ")


@dataclass(frozen=True)
class Days:
    """How many days before and after a key's own rows lie. base: the text of what of the row tells its day."""

    base: str
    before: int
    after: int


def span_fault(table: str, span: Span, keys: list[exp.Expr], types: Mapping[str, str]) -> Iterator[str]:
    """A sentence where rows of a changed key lie after the days that are read. keys: what the key is."""
    pairs = list(_pairs(span, keys, types))
    if pairs and not any(_holds(read, made) for read, made in pairs):
        read, made = pairs[0]
        yield (
            f"within_changed() reads rows of {table} until {_text(read.after)} after the changed {span.key}, and the "
            f"key, {text_of(keys[0])}, is made of rows until {_text(made.after)} after it, which would be missing; "
            f"write {_wanted(span, made)} ({PAGE})."
        )


def window_fault(table: str, span: Span, mix: Mix, keys: list[exp.Expr], types: Mapping[str, str]) -> Iterator[str]:
    """A sentence where a window needs rows beyond the days that are read before it."""
    pairs = list(_pairs(span, keys, types))
    if mix.frame is None:
        yield (
            f"within_changed() takes rows of {table} before {mix.text}, which looks at any number of others: a build "
            f"of changed keys would give it too few; put within_changed() behind it, in a later SELECT, or let it say "
            f"RANGE BETWEEN INTERVAL … DAYS PRECEDING ({PAGE})."
        )
        return
    wide = [(read, need) for read, made in pairs if (need := _looked_at(mix.frame, made, types))]
    if wide and not any(_holds(read, need) for read, need in wide):
        read, need = wide[0]
        yield (
            f"within_changed() reads rows of {table} from {_text(read.before)} before the changed {span.key} until "
            f"{_text(read.after)} after it, and {mix.text} needs {need.before} before and {need.after} after; write "
            f"{_wanted(span, need)} ({PAGE})."
        )


def _pairs(span: Span, keys: list[exp.Expr], types: Mapping[str, str]) -> Iterator[tuple[Days, Days]]:
    """The days that are read with those of which the key is made, where both are told by the same of the row."""
    every = list(_made_of(keys, types))
    for read in _read_by(span, types):
        yield from ((read, made) for made in every if made.base == read.base)


def _holds(read: Days, need: Days) -> bool:
    return read.before >= need.before and read.after >= need.after


def _read_by(span: Span, types: Mapping[str, str]) -> Iterator[Days]:
    """The days that a within_changed() reads around the changed keys."""
    for value in span.values:
        base, shift = _shifted(value)
        yield Days(plain(base, types), shift, span.days - shift)


def _made_of(keys: list[exp.Expr], types: Mapping[str, str]) -> Iterator[Days]:
    """The days of which a key is made, as far as its expression tells."""
    for key in keys:
        base, after = _day_of(key)
        inner = base.this.unnest() if isinstance(base, (exp.Cast, exp.TsOrDsToDate, exp.Date)) else base
        if isinstance(inner, exp.Column) and types.get(inner.name.lower(), "").upper() in _TIMES:
            yield Days(plain(inner, types), 0, after + 1)  # a time lies behind the midnight of its day
            after += base is inner
        yield Days(plain(base, types), 0, after)


def _looked_at(frame: Frame, made: Days, types: Mapping[str, str]) -> Days | None:
    """The days that a window needs for rows of some days; None where its order is another one."""
    if not any(plain(_number(order), types) == made.base for order in frame.order):
        return None
    return Days(made.base, frame.back, made.after + frame.ahead)


def _wanted(span: Span, need: Days) -> str:
    """The within_changed() that reads some days."""
    base = need.base[1:-1]  # without the brackets in which all that says the same is written
    column = f"date_add({base}, {need.before})" if need.before else base
    return f"within_changed('{column}', '{span.key}', days={need.before + need.after})"


def _text(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def frame_of(spec: exp.Expr | None, order: tuple[exp.Expr, ...]) -> Frame | None:
    """How many days a window looks back and ahead; None where their number is not limited."""
    if spec is None or str(spec.args.get("kind")).upper() != "RANGE":
        return None
    back, ahead = (_days(spec, word, side) for word, side in (("start", "PRECEDING"), ("end", "FOLLOWING")))
    return None if back is None or ahead is None else Frame(order, back, ahead)


def _days(spec: exp.Expr, word: str, side: str) -> int | None:
    bound, given = spec.args.get(word), str(spec.args.get(f"{word}_side")).upper()
    if isinstance(bound, str) or bound is None:
        return None if str(bound).upper() == "UNBOUNDED" else 0
    unit = str(bound.args.get("unit") or "DAY").upper().removesuffix("S") if isinstance(bound, exp.Interval) else "DAY"
    text = (bound.this if isinstance(bound, exp.Interval) else bound).name
    if not text.isdigit() or unit not in ("DAY", "WEEK"):
        return None
    days = int(text) * (7 if unit == "WEEK" else 1)
    return days if given == side else 0


def _shifted(value: exp.Expr) -> tuple[exp.Expr, int]:
    """A day without the number of days that is added to it."""
    value = value.unnest()
    if isinstance(value, (exp.TsOrDsAdd, exp.DateAdd, exp.DateSub)) and (days := _whole(value.expression)) is not None:
        base, more = _shifted(value.this)
        return base, more + (-days if isinstance(value, exp.DateSub) else days)
    return value, 0


def _whole(node: exp.Expr) -> int | None:
    """A whole number as it may be written; None for what is none."""
    node = node.unnest()
    if isinstance(node, exp.Neg):
        return None if (number := _whole(node.this)) is None else -number
    if isinstance(node, exp.Mul):
        left, right = _whole(node.this), _whole(node.expression)
        return None if left is None or right is None else left * right
    return int(node.name) if node.is_int else None


def _day_of(key: exp.Expr) -> tuple[exp.Expr, int]:
    """The day of which a key is made, and how many days after the key's own the last of its days lies."""
    key = key.unnest()
    if isinstance(key, exp.Cast) and isinstance(key.this.unnest(), (exp.DateTrunc, exp.TimestampTrunc)):
        return _day_of(key.this)
    if isinstance(key, (exp.DateTrunc, exp.TimestampTrunc)):
        unit = str(key.args["unit"].name).upper()
        unit = {"MM": "MONTH", "MON": "MONTH", "DD": "DAY", "YYYY": "YEAR", "YY": "YEAR"}.get(unit, unit)
        return (key.this.unnest(), _DAYS_AFTER[unit]) if unit in _DAYS_AFTER else (key, 0)
    if isinstance(key, exp.TimeToStr):
        inner, days = key.this.unnest(), _OF_FORMAT.get(text_of(key).rpartition(", '")[2][:-2])
        inner = inner.this.unnest() if isinstance(inner, (exp.Cast, exp.TimeStrToTime)) else inner
        return (inner, days) if days is not None else (key, 0)
    return key, 0


def _number(order: exp.Expr) -> exp.Expr:
    """A day that is ordered by its number."""
    order = order.unnest()
    is_number = isinstance(order, exp.DateDiff) and not order.expression.find(exp.Column)
    return order.this.unnest() if is_number or isinstance(order, exp.UnixDate) else order
