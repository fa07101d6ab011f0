"""What is shown of a foreign error does not depend on its text, so no delivered value can be in it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.airflow.messages import reason
from lakehouse.privacy import MASK, known_in, trace_of, without_values
from lakehouse.say import visible

ANY_TEXT = st.text(min_size=1, max_size=40)
SENTENCES = st.sampled_from(
    ["{}", "cannot cast '{}' to INT", 'value "{}" of `quantity`', "line one\n{}", "[{}] SQLSTATE: {}", "'{}", "{}`"]
)
KINDS = st.sampled_from([ValueError, KeyError, RuntimeError, TypeError, OSError, ArithmeticError])
NAMES = frozenset({"quantity", "erp_orders", "email"})
MANY = settings(max_examples=100, deadline=None)


@MANY
@given(ANY_TEXT, ANY_TEXT, SENTENCES, KINDS)
def test_two_errors_that_differ_in_their_values_look_alike(one: str, other: str, sentence: str, kind: Any) -> None:
    texts = [sentence.format(value, value) for value in (one, other)]
    assert without_values(kind(texts[0])) == without_values(kind(texts[1])) == f"{kind.__name__}: {MASK}"
    assert reason({"exception": kind(texts[0])}) == reason({"exception": kind(texts[1])})
    chained = [RuntimeError("outer") for _ in texts]
    for error, text in zip(chained, texts, strict=True):
        error.__cause__ = kind(text)
    assert without_values(chained[0]) == without_values(chained[1])
    assert trace_of(chained[0]) == trace_of(chained[1])


@MANY
@given(ANY_TEXT.filter(lambda text: text not in NAMES), SENTENCES)
def test_of_a_text_only_names_of_the_project_are_shown(value: str, sentence: str) -> None:
    shown = known_in(sentence.format(value, value), NAMES)
    assert shown in {MASK, *(f"(it names {name})" for name in NAMES)} or set(
        shown.removeprefix("(it names ").removesuffix(")").split(", ")
    ) <= set(NAMES)


@MANY
@given(st.text(max_size=60))
def test_nothing_that_is_printed_moves_the_cursor_or_starts_a_line(text: str) -> None:
    shown = visible(text)
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in shown)
