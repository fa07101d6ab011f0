"""Each state of a batch as `lakehouse status` finds it, with the command that goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.findings import Commands
from lakehouse.lake.batches import ValidationResult, ValidationStatus, record_result
from lakehouse.lake.decisions import Signature, decide
from lakehouse.lake.paths import Lake
from lakehouse.transform.merge_order import give_turn
from tests.helpers.seeded_ledgers import NOON, complete, ingested, merged, planned, published, refused, validated
from tests.helpers.statuses import job, lines, seen

Seed = Callable[[Lake, Dataset], None]


def until(*steps: Callable[..., None]) -> Seed:
    def seed(lake: Lake, dataset: Dataset) -> None:
        for step in steps:
            step(lake, dataset)

    return seed


def stopped(lake: Lake, dataset: Dataset) -> None:
    validated(lake, dataset, status=ValidationStatus.STOPPED)


def a_good_file_after(lake: Lake, dataset: Dataset) -> None:
    complete(lake, dataset, 2)


def decided(lake: Lake, dataset: Dataset) -> None:
    decide(lake, dataset, 1, ValidationStatus.ACCEPTED, Signature("ann", "right after all"))


def carried_out(lake: Lake, dataset: Dataset) -> None:
    accepted = ValidationResult(dataset.name, 1, ValidationStatus.ACCEPTED, 300, 0, 70, 230, None, None)
    record_result(lake, dataset, accepted, "accept:products", 1)


def given_a_turn(lake: Lake, dataset: Dataset) -> None:
    give_turn(lake, dataset, 1)


def merged_in_turn(lake: Lake, dataset: Dataset) -> None:
    merged(lake, dataset, 2)


def test_a_corrected_file_comes_by_its_source_where_the_lake_is_on_s3() -> None:
    assert Commands("s3://curated").deliver("erp") == (
        "deliver the corrected file, then airflow dags trigger ingest_erp"
    )
    assert Commands("./local_output", is_default=True).deliver("erp") == "lakehouse run --landing CORRECTED_FILE"


@pytest.mark.parametrize(
    ("seed", "wanted", "exit_code"),
    [
        (until(), [], 0),
        (until(planned), [("run again", "1 batch pending at ingest", job("ingest"))], 75),
        (until(planned, ingested), [("run again", "1 batch pending at validate", job("validate"))], 75),
        (until(planned, ingested, validated), [("run again", "1 batch pending at transform", job("transform"))], 75),
        (
            until(planned, ingested, validated, merged),
            [("run again", "not published yet", job("publish"))],
            75,
        ),
        (until(complete), [], 0),
        (
            until(complete, lambda lake, dataset: merged(lake, dataset, 2)),
            [("run again", "published version 0 of 1", job("publish")),
             ("look", "queries read 1.41 times the least possible, limit 1.1", "lakehouse maintain --lake lake")],
            75,
        ),
        (
            until(planned, ingested, stopped),
            [("manual action", "batch 1 is stopped: 70 of 300 rows failed validation",
              "lakehouse batch list --lake lake")],
            3,
        ),
        (
            until(planned, ingested, stopped, decided),
            [("run again", "1 decision pending at validate", job("validate"))],
            75,
        ),
        (
            until(planned, ingested, stopped, decided, carried_out),
            [("run again", "1 accepted batch pending at transform", job("transform"))],
            75,
        ),
        (until(planned, ingested, stopped, decided, carried_out, given_a_turn, merged_in_turn, published), [], 0),
        (
            until(refused),
            [("manual action", "refused, nothing delivered since: v1/products_1.csv: required column price missing",
              "lakehouse run --landing CORRECTED_FILE --lake lake")],
            3,
        ),
        (until(refused, a_good_file_after), [], 0),
    ],
)  # fmt: skip
def test_each_state_of_a_batch(
    lake: Lake, products: Dataset, of_products: Contracts, seed: Seed, wanted: list[tuple[str, ...]], exit_code: int
) -> None:
    seed(lake, products)
    found = seen(lake, of_products)
    assert lines(found) == wanted
    assert found.exit_code == exit_code
    dated = [one for one in found.findings if "pending" in one.found or "refused" in one.found]
    by_people = [one for one in dated if "decision" in one.found or "accepted" in one.found]
    assert all(one.since == NOON for one in dated if one not in by_people)
    assert all(one.since is not None for one in by_people)
