"""What can be wrong with a request to quarantine: each says what was found and what to do."""

from __future__ import annotations

from lakehouse.errors import LakehouseError, UsageError


class RowReferenceError(UsageError):
    """A word that should name a row does not."""

    def __init__(self, word: str) -> None:
        self.word = word
        super().__init__(
            f"'{word}' names no row; wanted its batch and number as `lakehouse quarantine list` has them, such as 2:17."
        )


class SetWordError(UsageError):
    """A value to set is not written as column=value, or names no column."""

    def __init__(self, word: str, hint: str) -> None:
        self.word = word
        super().__init__(f"--set {word}: wanted --set COLUMN=VALUE with a column of the contract.{hint}")


class RowNotFoundError(LakehouseError):
    """The quarantine has no such row."""

    def __init__(self, dataset: str, ref: str) -> None:
        self.dataset, self.ref = dataset, ref
        super().__init__(
            f"{dataset}: there is no row {ref} in quarantine; "
            f"`lakehouse quarantine list {dataset} --state all` shows those that are."
        )


class NothingSelectedError(LakehouseError):
    """No open row is what was asked for."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        super().__init__(f"{dataset}: no open row in quarantine is what was asked for; nothing was done.")


class RowStateError(LakehouseError):
    """A row that was repaired or discarded before."""

    def __init__(self, dataset: str, ref: str, state: str) -> None:
        self.dataset, self.ref, self.state = dataset, ref, state
        super().__init__(f"{dataset}: row {ref} is {state} already; only an open row can be changed.")


class RowWaitsError(LakehouseError):
    """A row whose repair has not been judged yet."""

    def __init__(self, dataset: str, ref: str, file: str) -> None:
        self.dataset, self.ref, self.file = dataset, ref, file
        super().__init__(
            f"{dataset}: row {ref} has a repair that waits to be judged ({file}); run ingest and validate first."
        )


class SequenceKeptError(LakehouseError):
    """A repair may not make an old row look newer."""

    def __init__(self, dataset: str, ref: str, column: str) -> None:
        self.dataset, self.ref, self.column = dataset, ref, column
        super().__init__(
            f"{dataset}: row {ref} keeps its {column} as delivered, or an old row could overwrite a newer one; "
            f"only where a rule that it broke speaks of {column} may it be changed."
        )


class RowUnsplitError(LakehouseError):
    """A row that could not be split into columns cannot be judged as it is."""

    def __init__(self, dataset: str, ref: str) -> None:
        self.dataset, self.ref = dataset, ref
        super().__init__(
            f"{dataset}: row {ref} could not be split into columns, so it cannot go again as it is; "
            "give its columns with `lakehouse quarantine repair`, or export and import it."
        )


class ImportRowsError(LakehouseError):
    """An edited export cannot be taken; nothing of it was."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        self.file, self.line, self.problem = file, line, problem
        super().__init__(f"{file}:{line}: {problem}; nothing of the file was taken.")
