"""What was found in the files of a dataset that has no contract yet: facts, a column each, without a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.file_options import Encoding

Path = tuple[str, ...]
"""A column's name in the files, and of a field of a struct the names that lead to it."""
ELEMENT, ENTRY = "[]", "{}"
"""What stands in a path for each element of a list, and for each value of a map."""


@dataclass(frozen=True)
class ColumnFacts:
    """How many values of a column have which form; empty fields and JSON's null are no values.

    kinds: the JSON types of the values, for CSV `string`. integer_digits, scale: of the longest plain number, before
    and after the point. blanks, padded: texts of blanks alone, and with some around. ahead: dates and instants later
    than now. days: different days among dates and instants.
    """

    path: Path
    kinds: frozenset[str]
    filled: int
    booleans: int = 0
    integers: int = 0
    numbers: int = 0
    exponents: int = 0
    leading_zeros: int = 0
    plus_signs: int = 0
    grouped: int = 0
    dates: int = 0
    instants: int = 0
    local_times: int = 0
    other_dates: int = 0
    null_words: int = 0
    blanks: int = 0
    padded: int = 0
    emails: int = 0
    phones: int = 0
    addresses: int = 0
    ibans: int = 0
    integer_digits: int = 0
    scale: int = 0
    ahead: int = 0
    days: int = 0

    @property
    def usable(self) -> int:
        """How many values are more than blanks and no word for null."""
        return self.filled - self.blanks - self.null_words


@dataclass(frozen=True)
class Declared:
    """What the type that a column has in the files allows. own: its type where no value says more; fits: every one."""

    own: str | None
    fits: frozenset[str | None]


@dataclass(frozen=True)
class Profile:
    """Everything found in the files of one dataset.

    names: of the files. size: their bytes. notes: what keeps a row or a column from being read, a line each.
    distinct: how many different rows these columns have, compared as values of their types, where other columns have a
    usable value. clocks: the columns of times without an offset, which are read here by the clock of UTC. delimiter: of
    CSV. json_path: where the rows are.
    decimal_commas: columns whose decimals stand behind a comma. groups: those of them with points between groups.
    unclear_groups: columns in which a point may do the same. null_words: the words for null of columns of another form.
    formats: of dates, which are read here as ISO 8601 already. zone: of the clocks, where somebody said it.
    has_header: whether the first line of CSV names the columns. flags: the words for true and false of columns that
    have both, which are true and false here already. declared: the columns of files that have types of their own.
    """

    names: tuple[str, ...]
    file_format: FileFormat
    size: int
    rows: int
    columns: tuple[ColumnFacts, ...]
    notes: tuple[str, ...]
    distinct: Callable[[Sequence[tuple[Path, str]], Sequence[Path]], int]
    encoding: Encoding = Encoding.UTF_8
    clocks: frozenset[Path] = frozenset()
    delimiter: str = ","
    json_path: tuple[str, ...] = ()
    decimal_commas: frozenset[Path] = frozenset()
    groups: frozenset[Path] = frozenset()
    unclear_groups: frozenset[Path] = frozenset()
    null_words: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    formats: Mapping[Path, str] = field(default_factory=dict)
    zone: str | None = None
    has_header: bool = True
    flags: Mapping[Path, tuple[str, str]] = field(default_factory=dict)
    declared: Mapping[Path, Declared] = field(default_factory=dict)
