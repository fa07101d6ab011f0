"""ISO 8601 as instants, and the offsets of the clocks that wrote them: what most sources write takes a short way."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

# Patterns end in \z, for $ also matches before a line break at the end.
# ISO 8601 with an offset; without one an instant is anybody's guess.
_INSTANT = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,6}0*)?)?([Zz]|[+-]\d{2}(:?\d{2})?)\z"
_OFFSET = r"([+-])(\d{2}):?(\d{2})?\z"
# As most sources write it: Spark casts it as it is. Any other way is rewritten first, which is most of the work.
_CASTABLE = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})\z"


def read_instant(text: SparkColumn) -> SparkColumn:
    """The instant of a text, whatever its year; null for a text of another form."""
    plain = F.regexp_replace(F.upper(text), ",", ".")
    with_seconds = F.regexp_replace(plain, r"([T ]\d{2}:\d{2})([Z+-])", "$1:00$2")
    castable = F.when(text.rlike(_CASTABLE), text).when(text.rlike(_INSTANT), with_seconds)
    return castable.try_cast("timestamp")


def offset_of(text: SparkColumn) -> SparkColumn:
    """Minutes by which the clock was ahead of UTC that wrote an instant; what it gives for any other text is noise."""
    end = F.substring(text, -6, 6)
    by_colon = (F.substring(end, 4, 1) == ":") & F.substring(end, 1, 1).isin("+", "-")
    minutes = _minutes(F.substring(end, 1, 1), F.substring(end, 2, 2), F.substring(end, 5, 2))
    sign, hours, rest = (F.regexp_extract(text, _OFFSET, group) for group in (1, 2, 3))
    return (
        F.when(text.endswith("Z") | text.endswith("z"), 0)
        .when(by_colon, minutes)
        .otherwise(_minutes(sign, hours, rest))
    )


def _minutes(sign: SparkColumn, hours: SparkColumn, minutes: SparkColumn) -> SparkColumn:
    ahead = hours.try_cast("int") * 60 + F.coalesce(minutes.try_cast("int"), F.lit(0))
    return F.when(sign == "-", -ahead).otherwise(ahead)
