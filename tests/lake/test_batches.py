"""What the batch log leaves to do, from the progress that each table records: no Spark."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.batches import (
    INGEST,
    Batch,
    BatchState,
    ValidationResult,
    ValidationStatus,
    among,
    batches_of,
    known_files,
    record_batches,
    record_result,
    record_validation,
    to_ingest,
    to_validate,
    undecided,
    validation_results_of,
)
from lakehouse.lake.delta_log import Commit, append_once
from lakehouse.lake.files import StoredFile
from lakehouse.lake.paths import Lake

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLANNED, REFUSED = BatchState.PLANNED, BatchState.REFUSED


@pytest.fixture
def orders(project: Project, lake: Lake) -> Dataset:
    """A dataset with three planned batches and a refused one."""
    dataset = project.contracts.dataset("erp_orders")
    states = (PLANNED, REFUSED, PLANNED, PLANNED)
    entered = [Batch(dataset.name, n, state, (), None, 0, "r", NOON) for n, state in enumerate(states, 1)]
    record_batches(lake, dataset, lambda known: entered)
    return dataset


def bring_to_bronze(lake: Lake, dataset: Dataset, number: int) -> None:
    append_once(lake.bronze(dataset.name), [{"a": 1}], pa.schema([("a", pa.int64())]), Commit(INGEST, number))


def waiting(lake: Lake, dataset: Dataset) -> tuple[list[int], list[int]]:
    """The batches that wait for ingest, and those that wait for validation."""
    ingest, validate = to_ingest(lake, dataset), to_validate(lake, dataset)
    return [batch.batch_id for batch in ingest], [batch.batch_id for batch in validate]


def test_a_batch_is_validated_once_bronze_has_it(lake: Lake, orders: Dataset) -> None:
    assert waiting(lake, orders) == ([1, 3, 4], [])
    bring_to_bronze(lake, orders, 1)
    assert waiting(lake, orders) == ([3, 4], [1])
    bring_to_bronze(lake, orders, 3)
    assert waiting(lake, orders) == ([4], [1, 3])
    result = ValidationResult(orders.name, 1, ValidationStatus.STOPPED, 1, 0, 1, 0, "too many", None)
    record_validation(lake, orders, result)
    assert waiting(lake, orders) == ([4], [3])


def test_a_batch_has_one_first_result(lake: Lake, orders: Dataset) -> None:
    passed = ValidationResult(orders.name, 1, ValidationStatus.PASSED, 1, 0, 0, 1, None, None)
    record_validation(lake, orders, passed)
    record_validation(lake, orders, ValidationResult(orders.name, 1, ValidationStatus.STOPPED, 9, 0, 9, 0, "x", None))
    assert validation_results_of(lake, orders) == [passed]


@pytest.mark.parametrize("wanted", [[], [1], [4, 2], [9]])
def test_only_the_batches_that_are_asked_for_are_read(lake: Lake, orders: Dataset, wanted: list[int]) -> None:
    known = [1, 2, 3, 4]
    assert [batch.batch_id for batch in batches_of(lake, orders, among(wanted))] == sorted({*wanted} & {*known})


def test_files_of_every_batch_are_known_and_repairs_are_found_by_their_folder(lake: Lake, orders: Dataset) -> None:
    files = [("a.csv",), ("repairs/0f-1/b.csv",), ("a.csv", "c.csv")]
    stored = [tuple(StoredFile(path, 1, "v") for path in paths) for paths in files]
    record_batches(
        lake,
        orders,
        lambda known: [Batch(orders.name, n, PLANNED, of, None, 0, "r", NOON) for n, of in enumerate(stored, 5)],
    )
    assert {file.path for file in known_files(lake, orders)} == {"a.csv", "repairs/0f-1/b.csv", "c.csv"}
    assert [batch.batch_id for batch in batches_of(lake, orders, "files[1]['path'] LIKE 'repairs/%'")] == [6]


def test_a_batch_that_was_stopped_once_stays_among_the_undecided_with_its_newest_result(
    lake: Lake, orders: Dataset
) -> None:
    statuses = (ValidationStatus.PASSED, ValidationStatus.STOPPED, ValidationStatus.STOPPED)
    for number, status in enumerate(statuses, 1):
        record_validation(lake, orders, ValidationResult(orders.name, number, status, 1, 0, 0, 1, None, None))
    accepted = ValidationResult(orders.name, 2, ValidationStatus.ACCEPTED, 1, 0, 0, 1, None, None)
    record_result(lake, orders, accepted, f"accept:{orders.name}", 1)
    assert [(r.batch_id, r.status) for r in undecided(lake, orders)] == [(2, "accepted"), (3, "stopped")]
    assert [(r.batch_id, r.status) for r in validation_results_of(lake, orders, "batch_id > 1")] == [
        (2, "accepted"),
        (3, "stopped"),
    ]


@pytest.mark.parametrize(
    ("paths", "is_repair"),
    [((), False), (("a.csv",), False), (("repairs/0a-1/a.csv",), True), (("repairs/0a-1/a.csv", "b.csv"), False)],
)
def test_a_batch_is_a_repair_if_all_its_files_are(paths: tuple[str, ...], is_repair: bool) -> None:
    files = tuple(StoredFile(path, 1, "v") for path in paths)
    assert Batch("orders", 1, PLANNED, files, None, 0, "r", NOON).is_repair is is_repair
