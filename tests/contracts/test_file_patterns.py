"""Two patterns share a name exactly when a file can be found that both match."""

from __future__ import annotations

import fnmatch
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.file_patterns import can_both_match


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("same*.csv", "same*.csv", True),
        ("a*.csv", "*b.csv", True),
        ("orders_*.csv", "leads_*.csv", False),
        ("a*.csv", "a*.json", False),
        ("a?.csv", "ab.csv", True),
        ("a?.csv", "abc.csv", False),
        ("a[0-9].csv", "a[5-7].csv", True),
        ("a[0-9].csv", "a[!0-9].csv", False),
    ],
)
def test_patterns(one: str, other: str, wanted: bool) -> None:
    assert can_both_match(one, other) is can_both_match(other, one) is wanted


NAMES = ["".join(letters) for size in range(5) for letters in itertools.product("ab", repeat=size)]
PATTERN = st.lists(st.sampled_from("ab*?"), max_size=4).map("".join)


@settings(max_examples=300, deadline=None)
@given(PATTERN, PATTERN)
def test_every_short_name_that_both_match_is_seen(one: str, other: str) -> None:
    if any(fnmatch.fnmatchcase(name, one) and fnmatch.fnmatchcase(name, other) for name in NAMES):
        assert can_both_match(one, other)
    elif "*" not in one + other:
        assert not can_both_match(one, other)
