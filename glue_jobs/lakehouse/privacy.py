"""Personal data (PII) in output and logs: the mask, and what may be shown of an error that others raised.

An engine puts delivered values into its messages, in quotes of many kinds, cut or escaped. So none of such a text is
passed on; what is shown is built from names: classes, conditions and states of the engine, names of the project.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Collection, Iterator
from typing import Any

MASK = "***"

_CONDITION = re.compile(r"[A-Z][A-Z0-9_]*(\.[A-Z0-9_]+)*")
_STATE = re.compile(r"[0-9A-Z]{5}")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,80}")
_BRACKETED = re.compile(r"\[([A-Z][A-Z0-9_.]{2,80})\]")
_NAMED = re.compile(r"[`\"']([A-Za-z_]\w*)[`\"']")
_MOST_CAUSES = 10


def trace_of(error: BaseException) -> str:
    """The stack trace of an error and what may be shown of it."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{without_values(error)}"


def without_values(error: BaseException, names: Collection[str] = ()) -> str:
    """An error of a third party by names alone: its class and, where it has them, condition, state and cause.

    names: those of the project's columns and tables; the ones that the text quotes are shown.
    """
    chain = list(_chain(error))
    facts = list(dict.fromkeys(fact for cause in chain for fact in _facts(cause)))
    texts = [_answer(cause, "__str__") or "" for cause in chain]
    shown = " ".join([type(error).__name__, *facts, *_named("\n".join(texts), names)])
    return f"{shown}: {MASK}" if any(texts) else shown


def states_of(error: BaseException) -> tuple[str, ...]:
    """The SQLSTATEs of an error and its causes, which say what kind of fault an engine found."""
    found = (_answer(cause, "getSqlState") for cause in _chain(error))
    return tuple(state for state in found if state and _STATE.fullmatch(state))


def known_in(text: str, names: Collection[str], is_condition: Callable[[str], bool] = lambda _: False) -> str:
    """What is known in a third party's text: conditions that the engine knows and names of the project, else ***."""
    conditions = (f"[{word}]" for word in dict.fromkeys(_BRACKETED.findall(text)) if is_condition(word))
    return " ".join([*conditions, *_named(text, names)]) or MASK


def _named(text: str, names: Collection[str]) -> list[str]:
    found = [name for name in dict.fromkeys(_NAMED.findall(text)) if name in names]
    return [f"(it names {', '.join(found)})"] if found else []


def _chain(error: BaseException) -> Iterator[Any]:
    """The error and its causes; PySpark keeps those of the JVM beside Python's own."""
    cause: Any = error
    for _ in range(_MOST_CAUSES):
        if cause is None:
            return
        yield cause
        cause = getattr(cause, "_cause", None) or cause.__cause__


def _facts(error: Any) -> Iterator[str]:
    """What an error says of itself in names: each comes from a list that its engine keeps, not from its text."""
    condition = _answer(error, "getCondition") or _answer(error, "getErrorClass")
    state = _answer(error, "getSqlState")
    if condition and _CONDITION.fullmatch(condition):
        yield f"[{condition}]"
    if state and _STATE.fullmatch(state):
        yield f"SQLSTATE {state}"
    java = getattr(error, "java_exception", None)
    if java is not None:
        yield from _java_classes(java)
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    if isinstance(code, str) and _CODE.fullmatch(code):
        yield code
    if isinstance(error, OSError) and error.errno is not None:
        yield f"({os.strerror(error.errno)})"


def _answer(error: Any, method: str) -> str | None:
    """What a method of the error answers; None where there is none, or it cannot answer any more."""
    try:
        found = getattr(error, method, lambda: None)()
    except Exception:  # the JVM that it asks may have gone
        return None
    return found if isinstance(found, str) else None


def _java_classes(java: Any) -> Iterator[str]:
    """The classes of a Java exception and of its causes."""
    for _ in range(_MOST_CAUSES):
        try:
            name, java = str(java.getClass().getSimpleName()), java.getCause()
        except Exception:  # as above
            return
        yield name
        if java is None:
            return
