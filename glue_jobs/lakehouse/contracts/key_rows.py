"""The rows in which `lakehouse new` looks for a key, and what a name says of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lakehouse.contracts.guess_names import is_position
from lakehouse.contracts.guesses import Candidate
from lakehouse.contracts.profile import Path, Profile

_OWN = re.compile(r"_(id|key|code|no|nr|num|number|uuid|guid|ref)$")

_ONCE = re.compile(
    r"(^|_)(order|invoice|receipt|basket|transaction|ticket|booking|bill|document|event|session|payment|shipment|delivery"
    r"|return|refund|flight|trip|bestellung|auftrag|rechnung|rechnungs|beleg)_"
)


@dataclass(frozen=True)
class KeyRows:
    """The rows of a dataset. columns: those of the top level that a key can be of."""

    profile: Profile
    columns: Sequence[Candidate]
    dataset: str

    @cached_property
    def number(self) -> int:
        """How many are different."""
        return self.filled(())

    def filled(self, columns: Sequence[Candidate]) -> int:
        """How many different rows have a value in each of these columns."""
        kinds = {column.facts.path: column.type for column in self.columns}
        # A row is also what no key can be of: lists, and columns of several types.
        whole = [facts.path for facts in self.profile.columns if len(facts.path) == 1]
        return self._distinct([(path, kinds.get(path, "string")) for path in whole], columns)

    def different(self, columns: Sequence[Candidate]) -> int:
        """How many different values these columns have together, in rows where each has one."""
        return self._distinct([(column.facts.path, column.type) for column in columns], columns)

    def tells_apart(self, *columns: Candidate) -> bool:
        """Whether the rows that have a value in each of these columns differ in them."""
        return self.different(columns) == self.filled(columns)

    def is_constant(self, column: Candidate) -> bool:
        """Whether all rows have one value of a column."""
        return not self.missing(column) and self.different([column]) == 1

    def is_once(self, name: str) -> bool:
        """Whether a column of a key is of what happens once, or has a place in it; others are the same on each day."""
        return is_its_id(name, self.dataset) or is_position(name) or _ONCE.search(name) is not None

    def missing(self, column: Candidate) -> int:
        """In how many rows a column is empty, blank, or has a word for null."""
        return self.profile.rows - column.facts.usable

    def rank(self, names: Sequence[str]) -> tuple[bool, tuple[int, ...]]:
        """How much columns look like the key by their names and their place; less is more."""
        is_own = any(is_its_id(name, self.dataset) for name in names)
        places = tuple(place for place, column in enumerate(self.columns) if column.name in names)
        return not is_own, () if is_own and len(names) == 1 else places

    def _distinct(self, wanted: Sequence[tuple[Path, str]], filled: Sequence[Candidate]) -> int:
        return self.profile.distinct(wanted, [column.facts.path for column in filled])


def is_its_id(name: str, dataset: str) -> bool:
    """Whether a column is by its name the identity of the dataset's rows: id, order_id or order_no of erp_orders."""
    of = _OWN.sub("", name)
    return name in ("id", "uuid") or (of != name and bool(re.search(rf"(^|_){re.escape(of)}(e?s)?$", dataset)))
