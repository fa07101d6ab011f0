"""Text by the words of a contract: what is plain before its type is looked at, and times of a clock as instants."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.contracts.columns import Column
from lakehouse.contracts.values import BLANKS, Ambiguous, Case, Values
from lakehouse.ingest.json_rows import WRONG_KIND

_A_DAY = "INTERVAL 26 HOURS"
"""Longer than any clock was ever set back at once."""
_WALL = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6}0*)?)?\z"
_FIRST, _LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"


def plain_name(column: Column) -> str:
    """The column that has a column's text once it is plain."""
    return f"_plain_{column.name}" if column.values.changes_text else column.name


def plain_text(column: Column, text: SparkColumn) -> SparkColumn:
    """The text without what the contract lets stand around or instead of a value; null for a word that says null."""
    if not column.values.changes_text:
        return text
    return F.when(text.startswith(WRONG_KIND), text).otherwise(_plain(column.values, text))


def _plain(values: Values, text: SparkColumn) -> SparkColumn:
    if values.trim:
        text = F.regexp_replace(text, f"^[{BLANKS}]+|[{BLANKS}]+\\z", "")
        text = F.nullif(text, F.lit(""))
    if values.null_words:
        text = F.when(~text.isin(*values.null_words), text)
    if values.unicode_form:
        from lakehouse.ingest.unicode_form import normalized  # which starts Python beside the JVM

        text = normalized(text, values.unicode_form)
    if values.case:
        text = F.lower(text) if values.case is Case.LOWER else F.upper(text)
    return text


def number_text(values: Values, text: SparkColumn) -> SparkColumn:
    """A number as programs write it: no groups, a point before the decimals; null where its groups are uneven."""
    if values.trailing_minus:
        moved = F.concat(F.lit("-"), F.substring(text, F.lit(1), F.length(text) - 1))
        text = F.when(text.rlike(r"^[^+-]*-\z"), moved).otherwise(text)
    point, group = values.decimal_separator, values.group_separator
    if point == "." and group is None:
        return text
    groups = "" if group is None else BLANKS if group == " " else group
    one = f"[{_in_class(groups)}]"
    whole = rf"(\d*|\d{{1,3}}({one}\d{{3}})+)" if groups else r"\d*"
    form = rf"^[+-]?{whole}([{_in_class(point)}]\d*([eE][+-]?\d+)?)?\z"
    return F.when(text.rlike(form), F.translate(text, point + groups, "."))


def _in_class(signs: str) -> str:
    """The signs as members of a class of a regular expression."""
    return "".join(f"\\{sign}" if sign in r"\^]-[" else sign for sign in signs)


def wall_clock(column: Column, text: SparkColumn) -> SparkColumn:
    """What the clock of the column's zone showed, as if it were UTC; null for a text of another form."""
    values = column.values
    if values.format:
        return possible(F.try_to_timestamp(text, F.lit(values.format)))
    return possible(F.when(text.rlike(_WALL), text.try_cast("timestamp")))


def instant_of(column: Column, text: SparkColumn) -> SparkColumn:
    """The instant of a text by the contract's format; null where it does not fit, or where the clock leaves it open."""
    values = column.values
    if values.epoch_unit:
        micros = since_epoch(values.epoch_unit, text)
        is_of_unit = (micros >= F.lit(values.earliest)) & (micros < F.lit(values.before))
        return F.timestamp_micros(F.when(is_of_unit, micros).cast("bigint"))
    if values.time_zone:
        return settled(wall_clock(column, text), values)
    return possible(F.try_to_timestamp(text, F.lit(values.format)))


def date_of(column: Column, text: SparkColumn) -> SparkColumn:
    """The day of a text by the contract's format."""
    return possible(F.try_to_timestamp(text, F.lit(column.values.format))).cast("date")


def since_epoch(unit: int, text: SparkColumn) -> SparkColumn:
    """The microseconds that a number counts since 1970, whatever their year; null for what is none, or no whole one."""
    digits = len(str(unit)) - 1
    fraction = rf"(\.\d{{1,{digits}}}0*)?" if digits else ""
    exact = F.when(text.rlike(rf"^-?\d{{1,17}}{fraction}\z"), text.try_cast(f"decimal(38,{digits})"))
    return F.try_multiply(exact, F.lit(unit).cast("decimal(10,0)")).cast("decimal(38,0)")


def possible(instant: SparkColumn) -> SparkColumn:
    """Only years that readers of the lake can hold; an offset may carry an instant beyond them."""
    return F.when(instant.between(F.lit(_FIRST).cast("timestamp"), F.lit(_LAST).cast("timestamp")), instant)


def settled(wall: SparkColumn, values: Values) -> SparkColumn:
    """The instant at which the clock showed a time; null for one that it never showed, or twice and nothing decides."""
    first, second = _first(wall, values), _second(wall, values)
    exists, twice = _exists(wall, values), second.isNotNull()
    if values.ambiguous is Ambiguous.EARLIER:
        return F.when(exists, first)
    if values.ambiguous is Ambiguous.LATER:
        return F.when(exists, F.coalesce(second, first))
    return F.when(exists & ~twice, first)


def clock_rule(column: Column, wall: SparkColumn) -> SparkColumn:
    """The rule that a time breaks which its clock never showed, or twice; null for any other."""
    values = column.values
    broken = F.when(~_exists(wall, values), F.lit(column.exists_rule))
    return broken if values.ambiguous else broken.when(_second(wall, values).isNotNull(), F.lit(column.once_rule))


def _first(wall: SparkColumn, values: Values) -> SparkColumn:
    # Of a time that is shown twice Java takes the earlier instant; one that is skipped it moves on.
    return F.to_utc_timestamp(wall, values.time_zone or "UTC")


def _exists(wall: SparkColumn, values: Values) -> SparkColumn:
    return F.from_utc_timestamp(_first(wall, values), values.time_zone or "UTC") == wall


def _second(wall: SparkColumn, values: Values) -> SparkColumn:
    """The later instant at which the clock showed the same, by the offset that it has a day later; else null."""
    zone, first = values.time_zone or "UTC", _first(wall, values)
    later = first + F.expr(_A_DAY)
    offset = F.unix_micros(F.from_utc_timestamp(later, zone)) - F.unix_micros(later)
    candidate = F.timestamp_micros(F.unix_micros(wall) - offset)
    shows_it = F.from_utc_timestamp(candidate, zone) == wall
    return F.when(shows_it & (candidate > first), candidate)
