"""How many rows may break a rule: each operator of a contract, as a number and as a share."""

from __future__ import annotations

import pytest

from lakehouse.contracts.allowed import Allowed


@pytest.mark.parametrize(
    ("operator", "limits", "allowed"),
    [
        ("mustBe", (2,), {2}),
        ("mustNotBe", (2,), {0, 1, 3, 4}),
        ("mustBeGreaterThan", (2,), {3, 4}),
        ("mustBeGreaterOrEqualTo", (2,), {2, 3, 4}),
        ("mustBeLessThan", (2,), {0, 1}),
        ("mustBeLessOrEqualTo", (2,), {0, 1, 2}),
        ("mustBeBetween", (1, 3), {1, 2, 3}),
        ("mustNotBeBetween", (1, 3), {0, 4}),
    ],
)
def test_operators(operator: str, limits: tuple[float, ...], allowed: set[int]) -> None:
    assert {number for number in range(5) if Allowed(operator, limits).holds(number, 100)} == allowed
    assert {number for number in range(5) if Allowed(operator, limits, percent=True).holds(number, 100)} == allowed


def test_none_allowed() -> None:
    none = [("mustBe", 0), ("mustBeLessThan", 1), ("mustBeLessThan", 0.5), ("mustBeLessOrEqualTo", 0)]
    assert all(Allowed(operator, (limit,)).is_none for operator, limit in none)
    assert not Allowed("mustBeLessThan", (1,), percent=True).is_none
    assert not any(Allowed(o, (n,)).is_none for o, n in [("mustBe", 1), ("mustBeGreaterThan", 0), ("mustNotBe", 0)])
