"""What is guessed of a dataset that has no contract yet: a value, why, and whether a person should be asked."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.contracts.profile import ColumnFacts
from lakehouse.errors import LakehouseError

OPTIONS = {"domain": "--domain", "key": "--key", "sequenceBy": "--sequence", "dateColumn": "--date"}
"""Each guess that may be unsure, and the option that answers it."""

NO_KEY = "none"
"""The word for rows that no key tells apart."""


class NotFoundError(LakehouseError):
    """The files have nothing that could be the key, the sequence or the date."""

    def __init__(self, role: str, found: str, wanted: str) -> None:
        self.role, self.found, self.wanted = role, found, wanted
        super().__init__(f"No column can be the {role}: {found}; {wanted}. Nothing was written.")


@dataclass(frozen=True)
class Candidate:
    """A column of the top level under its name in the contract, with its type."""

    name: str
    type: str
    is_personal: bool
    facts: ColumnFacts


@dataclass(frozen=True)
class Guess:
    """Column names, or a word, and why. is_sure: nobody needs to be asked.

    refusal: what is said instead where nobody is asked, of a guess that only a person may take. is_of_changes: of a
    sequence, that it says when a row was changed, and not only when something was.
    """

    values: tuple[str, ...]
    why: str
    is_sure: bool
    refusal: NotFoundError | None = None
    is_of_changes: bool = False

    @property
    def text(self) -> str:
        """The value as a person would type it."""
        return ",".join(self.values)
