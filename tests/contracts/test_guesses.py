"""What `lakehouse new` takes a column for, at the borders: half of the values, the most digits, one sign too many."""

from __future__ import annotations

import pytest

from lakehouse.contracts.file_options import PACKED_ENDINGS
from lakehouse.contracts.guess_names import common_name, pattern_of, plain, why_personal
from lakehouse.contracts.guess_times import guess_sequence
from lakehouse.contracts.guess_types import TypeGuess, guess_type
from lakehouse.contracts.guesses import Candidate
from lakehouse.contracts.profile import ColumnFacts


def facts(name: str = "x", filled: int = 4, **forms: int) -> ColumnFacts:
    """A column of a CSV file."""
    return ColumnFacts((name,), frozenset({"string"}), filled, **forms)


@pytest.mark.parametrize(
    ("filled", "phones", "why"),
    [(4, 2, "has phone numbers"), (4, 1, None), (5, 3, "has phone numbers"), (5, 2, None), (1, 1, "has phone numbers")],
)
def test_half_of_the_values_say_that_a_column_is_personal(filled: int, phones: int, why: str | None) -> None:
    assert why_personal(facts(filled=filled, phones=phones), "x", "orders") == why


@pytest.mark.parametrize(
    ("digits", "scale", "kind"),
    [
        (36, 1, "decimal(38,2)"),  # cents, as long as there is room for them
        (37, 1, "decimal(38,1)"),
        (35, 3, "decimal(38,3)"),
        (38, 1, "string"),
        (13, 2, "decimal(18,2)"),
        (14, 2, "decimal(38,2)"),
    ],
)
def test_a_decimal_has_two_places_where_there_is_room(digits: int, scale: int, kind: str) -> None:
    assert guess_type(facts(numbers=4, integer_digits=digits, scale=scale)).type == kind


def test_why_numbers_stay_text_is_said_unless_all_or_few_have_a_plus_sign() -> None:
    def note(**forms: int) -> str:
        return guess_type(facts(**forms)).note

    assert guess_type(facts(numbers=4, plus_signs=4)) == TypeGuess("string")
    assert note(numbers=3, plus_signs=1).startswith("3 of 4 values are numbers, the others not")
    assert note(numbers=2) == ""


@pytest.mark.parametrize(
    ("name", "kind", "is_sequence"),
    [("version", "bigint", True), ("received", "bigint", False), ("received", "timestamp", True)],
)
def test_a_number_orders_versions_only_where_its_name_counts_them(name: str, kind: str, is_sequence: bool) -> None:
    found = Candidate(name, kind, False, facts(name)), Candidate("day", "date", False, facts("day"))
    assert guess_sequence(found, rows=4).values == ((name,) if is_sequence else ("day",))


@pytest.mark.parametrize("packed", ["", *(f".{ending}" for ending in PACKED_ENDINGS), ".GZ"])
def test_what_packs_a_file_is_no_part_of_its_name(packed: str) -> None:
    begin, ending = common_name([f"stock_2026-10-17.csv{packed}", f"stock_2026-10-18.csv{packed}"])
    assert (plain(begin), pattern_of(begin, ending)) == ("stock", f"stock*.csv{packed}")


def test_a_word_that_is_no_ending_stays_in_a_packed_files_name() -> None:
    assert common_name(["stock.north.gz"]) == ("stock.north", ".gz")
    assert common_name(["stock.csv.zip", "stock_2.csv.zip"]) == ("stock", ".csv.zip")
