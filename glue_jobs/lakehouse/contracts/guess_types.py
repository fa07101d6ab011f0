"""The type that holds every value found in a column exactly, and why it is not a better one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakehouse.contracts.profile import ColumnFacts, Declared
from lakehouse.say import format_count

_MONEY = re.compile(
    r"price|amount|total|cost|value|revenue|discount|tax|fee|balance|salary|budget|margin|paid|refund|net|gross"
)
_USUAL_DIGITS, _MOST_DIGITS, _HEADROOM = 18, 38, 3
_BIGINT_DIGITS = 18
LEFT_OUT = "left out, kept as JSON in bronze's _rescued"


@dataclass(frozen=True)
class TypeGuess:
    """A type; None where no type takes the values. note: what a person should know of it."""

    type: str | None
    note: str = ""


UNCLEAR_GROUPS = TypeGuess(
    "string",
    "a point in it is between groups or before decimals, so text; where it is between groups, write the type and "
    "groupSeparator into the contract",
)


def guess_type(facts: ColumnFacts) -> TypeGuess:
    """The type of a column by the forms of its values: exact, and text where in doubt."""
    is_json = facts.kinds <= {"boolean", "number", "string"} and facts.kinds != {"string"}
    if not facts.kinds <= {"boolean", "number", "string"}:
        return TypeGuess(None, _not_flat(facts))
    if not facts.filled:
        return TypeGuess("string", "has no value in any row; text until one comes that says more")
    found = _of_all_values(facts)
    if found is not None:
        return found
    if not is_json:
        return TypeGuess("string", _why_text(facts))
    if facts.kinds == {"number"}:
        why = "has numbers with an exponent or more than 38 digits, which only a double takes; not for money, nor a key"
        return TypeGuess("double", why)
    kinds = " and ".join(sorted(facts.kinds))
    return TypeGuess(None, f"is {kinds}, and a column has one type; deliver one of them")


def as_declared(guess: TypeGuess, declared: Declared | None) -> TypeGuess:
    """The guess, or what the column's type in the files allows: ingest refuses a file whose types never fit."""
    if declared is None or guess.type is None or guess.type.split("(")[0] in declared.fits:
        return guess
    if declared.own is None:
        return TypeGuess(None, f"is of a type that no column has, or has no value in any row; {LEFT_OUT}")
    return TypeGuess(declared.own, f"{declared.own} by its type in the files, for its values say no more")


def _of_all_values(facts: ColumnFacts) -> TypeGuess | None:
    """The type other than text that every value fits; None where there is none."""
    count = facts.filled
    if facts.leading_zeros or facts.plus_signs:
        return None
    if facts.booleans == count:
        return TypeGuess("boolean")
    if "boolean" in facts.kinds:
        return None
    if facts.numbers == count:
        return _number(facts)
    if "number" in facts.kinds:
        return None
    if facts.instants == count:
        return TypeGuess("timestamp")
    return TypeGuess("date") if facts.dates == count else None


def _number(facts: ColumnFacts) -> TypeGuess | None:
    digits, scale = facts.integer_digits, facts.scale
    if facts.integers == facts.filled and not _MONEY.search(facts.path[-1].lower()):
        if digits <= _BIGINT_DIGITS:
            return TypeGuess("bigint")
        return TypeGuess(f"decimal({_MOST_DIGITS},0)") if digits <= _MOST_DIGITS else None
    scale = max(scale, 2) if digits <= _MOST_DIGITS - 2 else scale
    if digits + scale > _MOST_DIGITS:
        return None
    precision = _USUAL_DIGITS if digits + scale + _HEADROOM <= _USUAL_DIGITS else _MOST_DIGITS
    return TypeGuess(f"decimal({precision},{scale})")


def _not_flat(facts: ColumnFacts) -> str:
    if facts.kinds == {"object"}:
        return f"holds an object without a field that a column can be; {LEFT_OUT}"
    kinds = " and ".join(sorted(facts.kinds))
    return f"is {kinds}, and a column has one type; {LEFT_OUT}"


def _why_text(facts: ColumnFacts) -> str:
    """Why a column that looks like more is text; empty for ordinary text."""
    of = f"of {format_count(facts.filled, 'value')}"
    if facts.leading_zeros and facts.numbers == facts.filled:
        return f"{facts.leading_zeros} {of} begin with 0, so it stays text and keeps its zeros"
    forms = {
        "numbers": facts.numbers + facts.exponents,
        "dates": facts.dates,
        "times with an offset": facts.instants,
        "true or false": facts.booleans,
    }
    form = max(forms, key=lambda name: forms[name])
    typed = forms[form]
    if facts.null_words and typed + facts.null_words == facts.filled and typed:
        return (
            f"has a word for null in {facts.null_words} {of}, and stays text; if it is one, write the type and "
            "nullWords into the contract"
        )
    if facts.local_times * 2 > facts.filled:
        return f"{facts.local_times} {of} are times without an offset, so text. Say whose clock by --zone, or deliver Z"
    if facts.other_dates * 2 > facts.filled:
        return f"{facts.other_dates} {of} are dates in another form than 2026-10-18; text. Deliver ISO 8601"
    if facts.grouped * 2 > facts.filled:
        return f"{facts.grouped} {of} are numbers with a comma; text. Deliver 1234.50, without separators"
    if facts.exponents and facts.numbers + facts.exponents == facts.filled:
        return f"{facts.exponents} {of} have an exponent, which no decimal takes; text. Deliver plain digits"
    if facts.plus_signs == facts.filled or not typed * 2 > facts.filled:
        return ""
    return f"{typed} {of} are {form}, the others not; text. If those are mistakes, write the type into the contract"
