"""Row counts of a run, reconciled: where every landed row went, per dataset, and which files are not merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakehouse.contracts.dataset import Dataset
from lakehouse.cycle.summary import DatasetCount, Failure, RuleCount
from lakehouse.ingest.landing import Delivery
from lakehouse.lake.batches import (
    Batch,
    BatchState,
    ValidationStatus,
    among,
    batches_of,
    undecided,
    validation_results_of,
)
from lakehouse.lake.delta_log import newest_commits
from lakehouse.lake.quality_results import quality_of
from lakehouse.runtime.context import Context

WRITTEN = ("inserted", "updated", "deleted", "corrected", "ignored")
"""How the rows that a merge was given are counted."""


def count_batches(
    context: Context,
    run_id: str,
    validated: Iterable[tuple[str, int]],
    merged: Mapping[tuple[str, int], Mapping[str, int]],
) -> tuple[DatasetCount, ...]:
    """The rows of every batch that this run validated, merged or refused, added up per dataset."""
    mine = {*validated, *merged}
    return tuple(_count(context, dataset, run_id, mine, merged) for dataset in context.contracts.datasets)


def _count(
    context: Context,
    dataset: Dataset,
    run_id: str,
    mine: set[tuple[str, int]],
    merged: Mapping[tuple[str, int], Mapping[str, int]],
) -> DatasetCount:
    own = {batch_id for name, batch_id in mine if name == dataset.name}
    results = validation_results_of(context.lake, dataset, among(own)) if own else []
    refused = sum(batch.rows_in_file for batch in _refused(context, dataset) if batch.run_id == run_id)
    mergeable = [v.batch_id for v in results if v.passed]
    done = [merged.get((dataset.name, batch)) or merged_by_others(context, dataset, batch) for batch in mergeable]
    written = {name: sum(counts[name] for counts in done) for name in WRITTEN}
    landed = sum(v.rows_landed for v in results) + refused
    quarantined = sum(v.rows_unreadable + v.rows_quarantined for v in results)
    merged_rows = sum(written[name] for name in WRITTEN if name != "ignored")
    # What neither reached silver nor the quarantine waits: its batch was stopped, or its domain was.
    held = landed - quarantined - merged_rows - written["ignored"]
    return DatasetCount(dataset.domain, dataset.name, landed, quarantined, held, **written)


def _refused(context: Context, dataset: Dataset) -> list[Batch]:
    return batches_of(context.lake, dataset, f"state = '{BatchState.REFUSED}'")


def merged_by_others(context: Context, dataset: Dataset, batch_id: int) -> Mapping[str, int]:
    """What the commit of a batch says that another run merged in the meantime; zeros where silver does not have it."""
    for commit in newest_commits(context.lake.silver(dataset.name)):
        said = commit["lakehouse"] or {}
        if said.get("number", batch_id) < batch_id:  # numbers grow, and none is below that of its batch
            break
        if said.get("batch_id") == batch_id and "counts" in said:
            written = {name: int(said["counts"].get(name, 0)) for name in WRITTEN if name != "ignored"}
            return {**written, "ignored": int(said["counts"]["rows"]) - sum(written.values())}
    return dict.fromkeys(WRITTEN, 0)


def rule_counts(context: Context, validated: Iterable[tuple[str, int]]) -> tuple[RuleCount, ...]:
    """What every rule found in the batches that this run validated, added up per rule."""
    counts: dict[tuple[str, str], RuleCount] = {}
    for name, batch_id in sorted(validated):
        for row in quality_of(context.lake, context.contracts.dataset(name), batch_id):
            before = counts.get((name, row["rule"]))
            seen, failed = (before.seen, before.failed) if before else (0, 0)
            counts[(name, row["rule"])] = RuleCount(
                name, row["rule"], row["sentence"], row["on_failure"],
                seen + row["rows_seen"], failed + row["rows_failed"],
            )  # fmt: skip
    return tuple(counts.values())


def held_of_delivery(context: Context, delivery: Delivery) -> list[Failure]:
    """Files of this delivery that are in no silver table because their batch was refused or stopped, now or before."""
    found: list[Failure] = []
    for dataset in context.contracts.datasets:
        stopped = {
            v.batch_id: v.reason for v in undecided(context.lake, dataset) if v.status is ValidationStatus.STOPPED
        }
        held = batches_of(context.lake, dataset, among(stopped)) if stopped else []
        for batch in sorted([*held, *_refused(context, dataset)], key=lambda batch: batch.batch_id):
            reason = batch.reason if batch.state is BatchState.REFUSED else stopped.get(batch.batch_id)
            files = [f for f in batch.files if f"{dataset.domain}/{f.path}" in delivery.raw_files]
            if reason is not None and files:
                text = f"{files[0].name}: batch {batch.batch_id} of {dataset.name} is not merged: {reason}."
                found.append(Failure(dataset.domain, text))
    return found
