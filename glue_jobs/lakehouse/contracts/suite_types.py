"""What is known of Great Expectations' expectation types without importing it, which costs seconds."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path

UNEXPECTED_ROWS = "unexpected_rows_expectation"

_ROW_LEVEL = (
    "expect_column_values_",
    "expect_column_value_",
    "expect_column_pair_values_",
    "expect_compound_columns_",
    "expect_multicolumn_",
    "expect_select_column_values_",
    UNEXPECTED_ROWS,
)
# On Spark these two look at the column's type, not at its rows.
_OF_THE_SCHEMA = {"expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"}

_ROW = frozenset({"row_condition", "condition_parser", "mostly"})
_BOUNDS = frozenset({"min_value", "max_value", "strict_min", "strict_max"})
_PAIR = _ROW | {"column_A", "column_B", "ignore_row_if"}

KNOWN_KWARGS: Mapping[str, frozenset[str]] = {
    "expect_column_values_to_not_be_null": _ROW | {"column"},
    "expect_column_values_to_be_null": _ROW | {"column"},
    "expect_column_values_to_be_in_set": _ROW | {"column", "value_set"},
    "expect_column_values_to_not_be_in_set": _ROW | {"column", "value_set"},
    "expect_column_values_to_match_regex": _ROW | {"column", "regex"},
    "expect_column_values_to_not_match_regex": _ROW | {"column", "regex"},
    "expect_column_values_to_be_between": _ROW | _BOUNDS | {"column"},
    "expect_column_value_lengths_to_be_between": _ROW | _BOUNDS | {"column"},
    "expect_column_value_lengths_to_equal": _ROW | {"column", "value"},
    "expect_column_pair_values_a_to_be_greater_than_b": _PAIR | {"or_equal"},
    "expect_column_pair_values_to_be_equal": _PAIR,
    UNEXPECTED_ROWS: frozenset({"unexpected_rows_query"}),
    "expect_table_row_count_to_be_between": _BOUNDS | {"row_condition", "condition_parser"},
    "expect_table_row_count_to_equal": frozenset({"value", "row_condition", "condition_parser"}),
    "expect_table_columns_to_match_set": frozenset({"column_set", "exact_match"}),
    "expect_column_to_exist": frozenset({"column", "column_index"}),
}
"""Arguments of the types that this project compiles itself; Great Expectations drops a misspelt one silently."""

NEEDED_KWARGS: Mapping[str, frozenset[str]] = {
    "expect_column_values_to_be_in_set": frozenset({"column", "value_set"}),
    "expect_column_values_to_not_be_in_set": frozenset({"column", "value_set"}),
    "expect_column_values_to_match_regex": frozenset({"column", "regex"}),
    "expect_column_values_to_not_match_regex": frozenset({"column", "regex"}),
    "expect_column_value_lengths_to_equal": frozenset({"column", "value"}),
    "expect_column_pair_values_a_to_be_greater_than_b": frozenset({"column_A", "column_B"}),
    "expect_column_pair_values_to_be_equal": frozenset({"column_A", "column_B"}),
    UNEXPECTED_ROWS: frozenset({"unexpected_rows_query"}),
    "expect_table_row_count_to_equal": frozenset({"value"}),
    "expect_table_columns_to_match_set": frozenset({"column_set"}),
    **{
        type_: frozenset({"column"})
        for type_ in (
            "expect_column_values_to_not_be_null",
            "expect_column_values_to_be_null",
            "expect_column_values_to_be_between",
            "expect_column_values_to_be_unique",
            "expect_column_value_lengths_to_be_between",
            "expect_column_to_exist",
        )
    },
}
"""Arguments without which a type says nothing."""


@cache
def known_types() -> frozenset[str]:
    """All core expectation types, from the names of Great Expectations' own files."""
    found = importlib.util.find_spec("great_expectations")
    if found is None or found.origin is None:
        return frozenset(KNOWN_KWARGS)
    core = Path(found.origin).parent / "expectations" / "core"
    return frozenset(KNOWN_KWARGS) | {file.stem for file in core.glob("expect_*.py")}


def is_row_level(type_: str) -> bool:
    """Tell whether an expectation type passes or fails row by row on Spark."""
    return type_.startswith(_ROW_LEVEL) and type_ not in _OF_THE_SCHEMA
