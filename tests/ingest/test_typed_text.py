"""Which kinds of a typed file's values a column of the contract takes; any other is named with column and type."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakehouse.contracts.columns import Column
from lakehouse.contracts.values import AS_WRITTEN
from lakehouse.ingest.typed_text import Kind, kind_problem

ONE_AND_ZERO = replace(AS_WRITTEN, true_words=("1",), false_words=("0",))


@pytest.mark.parametrize(
    ("column", "kind", "is_taken"),
    [
        (Column("n", "int", True, ""), Kind.INTEGER, True),
        (Column("n", "date", True, ""), Kind.INTEGER, False),
        (Column("n", "date", True, ""), Kind.DAY, True),
        (Column("n", "boolean", True, ""), Kind.INTEGER, False),
        (Column("n", "boolean", True, "", values=ONE_AND_ZERO), Kind.INTEGER, True),
        (Column("n", "date", True, "", values=ONE_AND_ZERO), Kind.INTEGER, False),
    ],
)
def test_a_number_is_no_day_and_a_boolean_only_by_the_contracts_words(
    column: Column, kind: Kind, is_taken: bool
) -> None:
    problem = kind_problem(column, kind)
    assert (problem is None) is is_taken
    assert is_taken or problem == f"column n holds {kind}, while its contract says {column.type}"
