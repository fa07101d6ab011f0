"""The errors in an expectation suite, each with file, expectation, what was found and what was wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from lakehouse.contracts.yaml_places import composed
from lakehouse.errors import LakehouseError, nearest


@dataclass(frozen=True)
class Where:
    """One expectation of a suite's file, counted from 1, with its rule once that is known."""

    file: Path
    position: int
    rule: str | None = None

    @property
    def line(self) -> int:
        """The line in which the expectation begins; JSON is YAML, whose nodes know their lines."""
        root = composed(self.file.read_text(encoding="utf-8"))
        assert isinstance(root, yaml.MappingNode), "the file was read before"
        (listed,) = (value for key, value in root.value if key.value == "expectations")
        return int(listed.value[self.position - 1].start_mark.line) + 1

    def __str__(self) -> str:
        named = f" ({self.rule})" if self.rule else ""
        return f"{self.file}:{self.line}: expectation {self.position}{named}"


class SuiteError(LakehouseError):
    """Base of the errors in a suite."""


class SuiteNotFoundError(SuiteError):
    """A dataset has no expectation suite."""

    def __init__(self, file: Path, dataset: str, known: Iterable[str]) -> None:
        self.file, self.dataset, self.known = file, dataset, tuple(sorted(known))
        hint = nearest(dataset, self.known)
        super().__init__(f"{file}: not found, but the dataset '{dataset}' needs a suite.{hint}")


class SuiteUnreadableError(SuiteError):
    """A suite's file is not in Great Expectations' JSON format."""

    def __init__(self, file: Path, problem: str, line: int = 1) -> None:
        self.file, self.problem, self.line = file, problem, line
        super().__init__(f"{file}:{line}: cannot be read as a suite: {problem}.")


class SuiteNameError(SuiteError):
    """A suite's name is not that of its file."""

    def __init__(self, file: Path, found: str, wanted: str) -> None:
        self.file, self.found, self.wanted = file, found, wanted
        lines = file.read_text(encoding="utf-8").splitlines()
        line = next((number for number, text in enumerate(lines, 1) if f'"{found}"' in text), 1)
        super().__init__(f"{file}:{line}: name is '{found}', wanted '{wanted}', as the file and the dataset.")


class MissingFieldError(SuiteError):
    """An expectation lacks a field that each must have."""

    def __init__(self, where: Where, field: str) -> None:
        self.where, self.field = where, field
        super().__init__(f"{where}: {field} is missing; expected a non-empty string.")


class UnknownFieldError(SuiteError):
    """An expectation has a word that nobody reads, such as an argument beside kwargs."""

    def __init__(self, where: Where, field: str, known: Iterable[str]) -> None:
        self.where, self.field, self.known = where, field, tuple(sorted(known))
        hint = nearest(field, self.known)
        inside = "" if "mean" in hint else " An argument belongs into kwargs."
        super().__init__(f"{where}: unknown field '{field}'.{hint}{inside}")


class UnknownValueError(SuiteError):
    """A field of an expectation has a value that is not known."""

    def __init__(self, where: Where, field: str, found: str, known: Iterable[str], wanted: str = "") -> None:
        self.where, self.field, self.found, self.known = where, field, found, tuple(sorted(known))
        expected = f" Wanted: {wanted}." if wanted else nearest(found, self.known)
        super().__init__(f"{where}: {field} has the unknown value '{found}'.{expected}")


class ArgumentError(SuiteError):
    """An argument of an expectation that it cannot be evaluated with, for the columns that it speaks of."""

    def __init__(self, where: Where, argument: str, found: str, wanted: str) -> None:
        self.where, self.argument, self.found, self.wanted = where, argument, found, wanted
        super().__init__(f"{where}: kwargs.{argument} {found}; {wanted}.")


class DuplicateRuleError(SuiteError):
    """Two expectations of a suite share a name."""

    def __init__(self, where: Where, earlier: int) -> None:
        self.where, self.earlier = where, earlier
        super().__init__(
            f"{where}: meta.rule is already used by expectation {earlier}; each rule needs a name of its own."
        )


class SeverityMismatchError(SuiteError):
    """The severity, which Great Expectations reads, contradicts meta.on_failure."""

    def __init__(self, where: Where, on_failure: str, found: object, wanted: str) -> None:
        self.where, self.on_failure, self.found, self.wanted = where, on_failure, found, wanted
        actual = "missing" if found is None else f"'{found}'"
        super().__init__(f"{where}: severity is {actual}, but meta.on_failure '{on_failure}' requires '{wanted}'.")


class RowsNotNamedError(SuiteError):
    """A rule has on_failure quarantine, but its expectation does not tell which rows fail."""

    def __init__(self, where: Where, type_: str) -> None:
        self.where, self.type = where, type_
        super().__init__(
            f"{where}: {type_} does not name failing rows, so it cannot quarantine them; set meta.on_failure "
            "to fail or warn, or write the query as SELECT * FROM {batch} WHERE condition."
        )


class UnknownColumnError(SuiteError):
    """An expectation names a column that the dataset's contract lacks."""

    def __init__(self, where: Where, column: str, known: Iterable[str]) -> None:
        self.where, self.column, self.known = where, column, tuple(sorted(known))
        super().__init__(f"{where}: the contract has no column '{column}'.{nearest(column, self.known)}")
