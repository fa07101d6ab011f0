"""Keys that a reach gives in another type than the mart's match none of its rows, so that a change would be lost."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql.types import (
    CharType,
    DataType,
    DateType,
    NumericType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    VarcharType,
)


def other_types(found: StructType, stored: StructType, keys: Sequence[str]) -> str | None:
    """What is wrong with the first key whose values equal none of the mart's; None where all can be compared."""
    own = {field.name.lower(): field.dataType for field in stored}
    for key in keys:
        wanted = own.get(key.lower())
        if wanted is None:
            return f"gives {key}, and the mart has no such column; name its columns in unique_key"
        if _family(found[key].dataType) != _family(wanted):
            its, given = wanted.simpleString(), found[key].dataType.simpleString()
            return f"gives {key} as {given}, the mart's is {its}, and no row would match; cast it to {its}"
    return None


def _family(kind: DataType) -> str:
    """Types whose values are the same after a cast from one to the other."""
    if isinstance(kind, (DateType, TimestampType, TimestampNTZType)):
        return "time"
    if isinstance(kind, NumericType):
        return "number"
    return "text" if isinstance(kind, (StringType, CharType, VarcharType)) else kind.simpleString()
