"""Errors of the quarantine commands: what was found, what was expected, what to do."""

from __future__ import annotations

from lakehouse.errors import LakehouseError, UsageError


class RowReferenceError(UsageError):
    """The argument is not a row reference."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"invalid row '{text}'; expected BATCH:NUMBER, such as 2:17 (see `lakehouse quarantine list`)."
        )


class SetValueError(UsageError):
    """The value of --set is not COLUMN=VALUE, or the contract has no such column."""

    def __init__(self, column: str, hint: str) -> None:
        self.column = column
        super().__init__(f"--set {column}: expected --set COLUMN=VALUE with a column of the contract.{hint}")


class RowNotFoundError(LakehouseError):
    """The dataset has no such quarantined row."""

    def __init__(self, dataset: str, ref: str) -> None:
        self.dataset, self.ref = dataset, ref
        super().__init__(
            f"{dataset}: there is no row {ref} in quarantine; "
            f"`lakehouse quarantine list {dataset} --state all` lists all rows."
        )


class NothingSelectedError(LakehouseError):
    """No open quarantined row matches the selection."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        super().__init__(f"{dataset}: no open quarantined row matches the selection; nothing was changed.")


class RowStateError(LakehouseError):
    """The row was already repaired or discarded."""

    def __init__(self, dataset: str, ref: str, state: str) -> None:
        self.dataset, self.ref, self.state = dataset, ref, state
        super().__init__(f"{dataset}: row {ref} is already {state}; only an open row can be changed.")


class RepairPendingError(LakehouseError):
    """The row already has a repair that is not validated yet."""

    def __init__(self, dataset: str, ref: str, file: str) -> None:
        self.dataset, self.ref, self.file = dataset, ref, file
        super().__init__(
            f"{dataset}: row {ref} already has a repair that is not validated yet ({file}); "
            "run ingest and validate first."
        )


class SequenceChangeError(LakehouseError):
    """A repair cannot make an old row look newer."""

    def __init__(self, dataset: str, ref: str, column: str) -> None:
        self.dataset, self.ref, self.column = dataset, ref, column
        super().__init__(
            f"{dataset}: a repair of row {ref} cannot change {column}, because an old row could then overwrite a newer "
            f"one. It can be changed only if a rule that the row broke refers to {column}."
        )


class UnsplitRowError(LakehouseError):
    """A row that could not be split into columns cannot be sent back unchanged."""

    def __init__(self, dataset: str, ref: str) -> None:
        self.dataset, self.ref = dataset, ref
        super().__init__(
            f"{dataset}: row {ref} could not be split into columns, so it cannot be sent back unchanged; "
            "set its columns with `lakehouse quarantine repair`, or export and import it."
        )


class ImportRowsError(LakehouseError):
    """An edited export has an error; no row of it was imported."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        self.file, self.line, self.problem = file, line, problem
        super().__init__(f"{file}:{line}: {problem}; no row of the file was imported.")
