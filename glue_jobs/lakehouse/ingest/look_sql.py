"""The forms of a value in DuckDB's SQL: each is one that ingest takes as a type, or one that it does not."""

from __future__ import annotations

from lakehouse.contracts.values import BLANKS, NULL_WORDS

_DAY = r"\d{4}-\d{2}-\d{2}"
_OFFSET = r"[+-](?:0\d|1[0-7])(?::?[0-5]\d)?|[+-]18(?::?00)?"
_INSTANT = rf"{_DAY}[Tt ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{{1,6}}0*)?)?(?:[Zz]|{_OFFSET})"
_LOCAL = rf"{_DAY}[Tt ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d+)?)?"
_OTHER_DATE = r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?: .*)?|\d{4}[/.]\d{1,2}[/.]\d{1,2}(?: .*)?"
_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
NULLS = "(" + ", ".join(f"'{word}'" for word in NULL_WORDS) + ")"

_IS_DAY = "(try_cast(left(c, 10) AS DATE) IS NOT NULL AND left(c, 4) BETWEEN '0002' AND '9998')"


def _is(pattern: str) -> str:
    return f"regexp_full_match(c, '{pattern}')"


def _micros(column: str) -> str:
    """Microseconds since 1970 of an instant that has the form; null for anything else."""
    plain = f"replace(upper({column}), ',', '.')"
    with_seconds = rf"regexp_replace({plain}, '([T ]\d{{2}}:\d{{2}})([Z+-])', '\1:00\2')"
    with_colon = rf"regexp_replace({with_seconds}, '([+-]\d{{2}})(\d{{2}})$', '\1:\2')"
    full = rf"regexp_replace({with_colon}, '([T ][^+-]*[+-]\d{{2}})$', '\1:00')"
    return f"epoch_us(try_cast({full} AS TIMESTAMPTZ))"


def typed(column: str, kind: str) -> str:
    """A column's text as a value that is equal where ingest's values are equal."""
    if kind.startswith("decimal") or kind == "bigint":
        return f"try_cast({column} AS {kind})"
    return {
        "timestamp": f"CASE WHEN {column} IS NOT NULL THEN {_micros(column)} END",
        "boolean": f"lower({column})",
        "double": f"try_cast({column} AS DOUBLE)",
    }.get(kind, column)


def is_usable(column: str) -> str:
    """Whether a column has a value that is more than blanks and no word for null."""
    return f"coalesce({_bare(column)} <> '' AND lower({column}) NOT IN {NULLS}, false)"


def _bare(column: str) -> str:
    """A text without the blanks around it that `trim` of a contract removes."""
    return f"trim({column}, '{BLANKS}')"


_LIKE_A_DAY = "c LIKE '____-__-__%'"
"""What is quick to see; without it each value would be read as a time in many steps."""


def _days(condition: str) -> str:
    return f"count_if(CASE WHEN {_LIKE_A_DAY} THEN {condition} ELSE false END)"


_IS_INSTANT = f"({_is(_INSTANT)} AND {_IS_DAY} AND {_micros('c')} IS NOT NULL)"
_IS_DATE = f"({_is(_DAY)} AND {_IS_DAY})"
_BARE = "ltrim(c, '-')"
_WHEN = f"CASE WHEN {_IS_INSTANT} THEN {_micros('c')} WHEN {_IS_DATE} THEN epoch_us(try_cast(c AS DATE)) END"

FACTS = {
    "filled": "count(c)",
    "booleans": "count_if(lower(c) IN ('true', 'false'))",
    "integers": f"count_if({_is('-?[0-9]+')})",
    "numbers": f"count_if({_is(_NUMBER)})",
    "exponents": f"count_if({_is(r'[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+')})",
    "leading_zeros": f"count_if({_is('[+-]?0[0-9]+(?:[.][0-9]*)?')})",
    "plus_signs": "count_if(starts_with(c, '+'))",
    "grouped": f"count_if({_is('-?[0-9][0-9.]*,[0-9][0-9,.]*')})",
    "dates": _days(_IS_DATE),
    "instants": _days(_IS_INSTANT),
    "local_times": _days(_is(_LOCAL)),
    "other_dates": f"count_if({_is(_OTHER_DATE)})",
    "null_words": f"count_if(lower(c) IN {NULLS})",
    "blanks": f"count_if({_bare('c')} = '')",
    "padded": f"count_if({_bare('c')} NOT IN ('', c))",
    "emails": "count_if(regexp_matches(c, '[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+'))",
    "phones": f"count_if({_is('[+(][0-9][0-9 ()/.-]{6,}[0-9]')})",
    "addresses": f"count_if({_is('[0-9]{1,3}([.][0-9]{1,3}){3}')})",
    "ibans": f"count_if({_is('[A-Z]{2}[0-9]{2} ?([A-Z0-9]{4} ?){2,7}[A-Z0-9]{0,4}')})",
    "integer_digits": f"max(length(ltrim(split_part({_BARE}, '.', 1), '0'))) FILTER ({_is(_NUMBER)})",
    "scale": f"max(length(split_part(c, '.', 2))) FILTER ({_is(_NUMBER)})",
    "ahead": _days(f"{_WHEN} > $late"),
    "days": f"count(DISTINCT CASE WHEN {_LIKE_A_DAY} THEN ({_WHEN}) // 86400000000 END)",
}
"""Each fact of `ColumnFacts` as an aggregation over the values of c; $late: microseconds since 1970."""
