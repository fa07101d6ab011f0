"""Evaluates IAM policy documents as AWS does: denied unless allowed, and a denial beats every permission.

Knows what our documents use and raises for anything else, so that a test never passes by not understanding.
Conditions: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Statement = Mapping[str, Any]
_KNOWN = {"Sid", "Effect", "Action", "Resource", "Condition"}


@dataclass(frozen=True, order=True)
class Call:
    """One question to AWS: may this be done to that, in these circumstances?"""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def of(cls, action: str, resource: str, **context: str) -> Call:
        """A call; underscores in the names of circumstances stand for colons."""
        return cls(action, resource, tuple(sorted((name.replace("_", ":"), value) for name, value in context.items())))


def is_allowed(statements: Iterable[Statement], call: Call) -> bool:
    """Whether the statements of a role let a call pass."""
    effects = {statement["Effect"] for statement in statements if _speaks_of(statement, call)}
    return effects == {"Allow"}


def _speaks_of(statement: Statement, call: Call) -> bool:
    if not statement.keys() <= _KNOWN:
        raise NotImplementedError(f"the evaluator does not know {sorted(set(statement) - _KNOWN)}")
    return (
        _any_like(statement["Action"], call.action, ignore_case=True)
        and _any_like(statement["Resource"], call.resource)
        and _holds(statement.get("Condition", {}), dict(call.context))
    )


def _any_like(patterns: str | Sequence[str], word: str, ignore_case: bool = False) -> bool:
    listed = (patterns,) if isinstance(patterns, str) else tuple(patterns)
    return _one_of(listed, ignore_case)(word) is not None


@cache
def _one_of(patterns: tuple[str, ...], ignore_case: bool) -> Callable[[str], re.Match[str] | None]:
    """Matches a word that is like one of these; a role is asked thousands of times for the same."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile("|".join(map(_regex, patterns)) or r"(?!)", flags).fullmatch


def _regex(pattern: str) -> str:
    """IAM's own wild cards: * for any characters, slashes too, ? for one; brackets are plain."""
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def _holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    """Every operator and every key of it must hold; of the values one is enough. A key that is not there fails."""
    return all(
        key in context and _compare(operator, values, context[key])
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _compare(operator: str, values: str | Sequence[str], found: str) -> bool:
    listed = [values] if isinstance(values, str) else values
    if operator in ("StringEquals", "Bool"):
        return found in listed
    if operator in ("StringLike", "ArnLike"):
        return _any_like(listed, found)
    raise NotImplementedError(f"the evaluator does not know {operator}")
