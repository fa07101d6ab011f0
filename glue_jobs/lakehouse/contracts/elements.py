"""The contract property `explode`: a list of which each element is a row of a dataset of its own."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.contracts.columns import Column

POSITION = "position"


@dataclass(frozen=True)
class Elements:
    """The elements of a list as rows, with the key of the row that has the list.

    path: the list, in structs as `basket.lines`. element: what it holds. takes: columns of the parent beside its key
    and its day. prefix: of the columns that come from the element. key: the fields that tell it within its list.
    """

    name: str
    path: str
    element: Column
    takes: tuple[str, ...] = ()
    prefix: str = ""
    position: str = POSITION
    key: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[Column, ...]:
        """What becomes a column of each element: its fields, or a plain value itself."""
        return self.element.fields or (self.element,)

    def __str__(self) -> str:
        said = {"with": " ".join(self.takes), "prefix": self.prefix, POSITION: self.position, "key": " ".join(self.key)}
        words = (f"{word} {value}" for word, value in said.items() if value and value != word)
        return ", ".join((f"{self.name} of {self.path}", *words))
