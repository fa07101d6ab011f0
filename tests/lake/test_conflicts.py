"""Of two writers the second waits and writes again, by whatever name Delta says it; other errors are not swallowed."""

from __future__ import annotations

import pytest

from lakehouse.contracts.project import Project
from lakehouse.errors import EXIT_TRANSIENT
from lakehouse.lake import conflicts, dataset_changes
from lakehouse.lake.batches import LedgerBusyError
from lakehouse.lake.conflicts import TRIES, TableBusyError, conflict_in, when_free
from lakehouse.lake.dataset_changes import ChangeState, record_change
from lakehouse.lake.decisions import Signature
from lakehouse.lake.paths import Lake


class CommitFailedError(Exception):
    """By this name delta-rs says that another writer was first."""


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The attempts after which was waited."""
    waited: list[int] = []
    monkeypatch.setattr(conflicts, "wait_after", waited.append)
    return waited


@pytest.mark.parametrize(("failures", "waited"), [(0, []), (1, [0]), (TRIES - 1, list(range(TRIES - 1)))])
def test_a_write_is_repeated_until_the_table_is_free(failures: int, waited: list[int], waits: list[int]) -> None:
    left = iter(range(failures))

    def write() -> str:
        if next(left, None) is not None:
            raise CommitFailedError
        return "written"

    assert when_free("silver.t", write) == "written"
    assert waits == waited


def test_a_table_that_is_never_free_is_a_temporary_failure(waits: list[int]) -> None:
    def write() -> None:
        raise CommitFailedError

    with pytest.raises(TableBusyError, match=r"silver\.t: at each of \d+ attempts another writer committed") as caught:
        when_free("silver.t", write)
    assert (caught.value.exit_code, len(waits)) == (EXIT_TRANSIENT, TRIES)


def test_another_error_is_raised_at_once(waits: list[int]) -> None:
    def write() -> None:
        raise ValueError("no conflict")

    with pytest.raises(ValueError, match="no conflict"):
        when_free("silver.t", write)
    assert waits == []


@pytest.mark.parametrize(
    "name",
    [
        "DELTA_CONCURRENT_APPEND", "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED", "ConcurrentAppendException",
        "ConcurrentDeleteReadException", "ConcurrentDeleteDeleteException", "ConcurrentTransactionException",
        "ConcurrentWriteException", "MetadataChangedException", "ProtocolChangedException",
    ],
)  # fmt: skip
def test_each_of_deltas_conflicts_is_known_by_its_name(name: str) -> None:
    assert conflict_in(f"[{name}] Files were added to the root of the table") == name
    assert conflict_in("io.delta.exceptions.SomethingElse") is None


def test_a_ledger_of_changes_that_is_never_free(project: Project, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_changes, "append_once", lambda *_: False)
    with pytest.raises(LedgerBusyError, match="products: at each of 8 attempts another process changed the dataset"):
        record_change(lake, "products", "products", "drop", ChangeState.STARTED, "all", Signature("ann", "old"))
