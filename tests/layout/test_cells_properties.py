"""However values are spread, each row belongs to exactly one cell, and no cell is empty."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.layout import Layout, layout_for
from lakehouse.layout.cells import cut_into, factors, slabs

MANY = settings(max_examples=100, deadline=None)
VALUES = st.integers(0, 30) | st.none()
COUNTS = st.dictionaries(st.tuples(VALUES, VALUES), st.integers(1, 500), min_size=1, max_size=40)
LAYOUTS = st.sampled_from(
    [layout_for(["month"], ["dt", "store_id"]), layout_for([], ["store_id", "dt"]), layout_for(["dt"], ["store_id"])]
)


def inside(value: Any, limits: tuple[Any, Any]) -> bool:
    """Whether a cell's limits hold a value; the lowest cell holds null."""
    low, high = limits
    if value is None:
        return low is None
    return (low is None or value > low) and (high is None or value <= high)


@MANY
@given(COUNTS, st.integers(1, 20), st.integers(1, 12), st.booleans(), LAYOUTS)
def test_each_pair_of_values_is_in_one_cell(
    counts: dict[tuple[Any, Any], int], number: int, partitions: int, by_first: bool, layout: Layout
) -> None:
    one = len(layout.cut_by) == 1
    rows = [(first, None if one else second, count) for (first, second), count in counts.items()]
    cells = cut_into(("p",), rows, number, layout, partitions, by_first)
    assert all(cell.partition == ("p",) and len(cell.limits) == len(layout.cut_by) for cell in cells)
    for first, second, _ in rows:
        values = (first,) if one else (first, second)
        homes = [cell for cell in cells if all(map(inside, values, cell.limits))]
        assert len(homes) == 1


@MANY
@given(st.dictionaries(st.integers(0, 50), st.integers(1, 500), min_size=1), st.integers(1, 20))
def test_slabs_are_no_more_than_asked_for_and_none_is_empty(counts: dict[int, int], number: int) -> None:
    found = slabs(counts, number)
    assert len(found) <= number
    homes = [[value for value in counts if inside(value, limits)] for limits in found]
    assert all(homes)
    assert sorted(value for home in homes for value in home) == sorted(counts)


@MANY
@given(st.integers(1, 300), st.integers(1, 60), st.integers(1, 60), st.integers(1, 24))
def test_each_column_is_cut_into_no_more_parts_than_it_has_values(
    number: int, first: int, second: int, partitions: int
) -> None:
    across, down = factors(number, first, second, partitions)
    assert 1 <= across <= first
    assert 1 <= down <= second
    assert across * down <= number * 1.1 + 1
