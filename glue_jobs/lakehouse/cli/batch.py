"""`lakehouse batch`: see which batches wait for a decision, and decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, Author, LakePath, Reason, lake_and_dataset, signature
from lakehouse.cli.printing import print_line

if TYPE_CHECKING:
    from lakehouse.lake.batches import ValidationStatus

_EXAMPLE = "lakehouse batch accept erp_orders:3 --why 'the store was closed, few rows are right'"

app = new_app(
    """List stopped batches; accept or reject one.

    A batch that broke a rule of the whole batch, or has too many invalid rows, is stopped: no row of it is merged.
    Accept it, and its valid rows are merged; reject it, and none of them ever is.""",
    example=_EXAMPLE,
)

Batch = Annotated[str, typer.Argument(metavar="DATASET:BATCH", help="A stopped batch, such as erp_orders:3.")]


@command(app, "list", example="lakehouse batch list")
def list_batches(lake: LakePath = DEFAULT_LAKE) -> None:
    """List stopped batches, and those decided on."""
    from lakehouse.cli.printing import print_table
    from lakehouse.contracts.project import find_project
    from lakehouse.lake.batches import ValidationStatus, validation_results_of
    from lakehouse.lake.decisions import decisions_of
    from lakehouse.lake.paths import Lake

    opened, lines = Lake.at(lake), []
    for dataset in find_project().contracts.datasets:
        made = {decision.batch_id: decision for decision in decisions_of(opened, dataset)}
        for result in validation_results_of(opened, dataset):
            if result.status is not ValidationStatus.PASSED:
                last = made.get(result.batch_id)
                state = result.status if last is None else last.decision
                decided = (last.who, last.why) if last else ("", "")
                name = f"{dataset.name}:{result.batch_id}"
                lines.append((name, state, result.rows_landed, result.reason, *decided))
    print_table(("batch", "state", "rows", "stopped for", "decided by", "why"), lines)


@command(app, "accept", example=_EXAMPLE)
def accept(batch: Batch, why: Reason, by: Author = None, lake: LakePath = DEFAULT_LAKE) -> None:
    """Merge the valid rows of a stopped batch anyway.

    The next validate quarantines its invalid rows, the next transform merges the rest.
    """
    from lakehouse.lake.batches import ValidationStatus

    _decide(lake, batch, ValidationStatus.ACCEPTED, why, by)


@command(app, "reject", example="lakehouse batch reject erp_orders:3 --why 'sent by mistake'")
def reject(batch: Batch, why: Reason, by: Author = None, lake: LakePath = DEFAULT_LAKE) -> None:
    """Keep a whole batch out of silver for good."""
    from lakehouse.lake.batches import ValidationStatus

    _decide(lake, batch, ValidationStatus.REJECTED, why, by)


def _decide(lake: str, batch: str, decision: ValidationStatus, why: str, by: str | None) -> None:
    from lakehouse.lake.decisions import BatchNotStoppedError, decide

    name, _, number = batch.partition(":")
    opened, dataset = lake_and_dataset(lake, name)
    if not number.isdecimal():
        raise BatchNotStoppedError(dataset.name, f"'{number}'", "is no number")
    made = decide(opened, dataset, int(number), decision, signature(why, by))
    print_line(f"{batch} is {made.decision} by {made.who}; validate and transform carry it out when they next run")
