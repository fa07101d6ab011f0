"""Removes a dataset's rows from the ledgers of `ops`, and the progress that their logs record of it.

A dataset of the same name that comes later then begins with batch 1. Some ledgers keep their entries: what people did
to datasets, which says that this one was dropped, by whom and why; whom they forgot; who had personal data shown;
what runs cost.
"""

from __future__ import annotations

from collections.abc import Iterator

from deltalake import CommitProperties, DeltaTable, Transaction

from lakehouse.contracts.layers import QUARANTINE, SILVER
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import count_rows, existing_table, open_table
from lakehouse.lake.paths import LEDGERS, Lake
from lakehouse.lake.published import pins_of

KEPT = frozenset({"dataset_changes", "erasures", "reveals", "runs", "steps"})
_APPLICATIONS = ("batches", "decide", "validate", "accept", "ties", "validate-ties", "accept-ties")
_OF_TABLES = {"pins", "published", "rollbacks"}


def ledger_rows(lake: Lake, domain: str, dataset: str) -> dict[str, int]:
    """How many rows each ledger has of a dataset; those without any are left out."""
    counts = {}
    for ledger in LEDGERS:
        table = None if ledger in KEPT else open_table(lake.ops(ledger))
        if table is not None:
            counts[ledger] = sum(count_rows(table, **{c: v}) for c, v in _conditions(ledger, domain, dataset))
    return {ledger: number for ledger, number in counts.items() if number}


def forget(lake: Lake, domain: str, dataset: str) -> None:
    """Delete the rows of a dataset from every ledger that has some."""
    applications = [*_applications(domain, dataset), *(f"pin:{p.pinned_as}" for p in pins_of(lake))]
    for ledger in ledger_rows(lake, domain, dataset):
        _forget(lake, ledger, domain, dataset, applications)


def _forget(lake: Lake, ledger: str, domain: str, dataset: str, applications: list[str]) -> None:
    where = " OR ".join(f"{column} = '{value}'" for column, value in _conditions(ledger, domain, dataset))

    def delete() -> None:
        table = existing_table(lake.ops(ledger))
        # What is recorded last is what counts, so that 0 makes a name new again.
        again = [Transaction(name, 0) for name in applications if _is_forgotten(table, name, ledger, dataset)]
        table.delete(where, commit_properties=CommitProperties(None, app_transactions=again))

    when_free(lake.ops(ledger), delete)


def _is_forgotten(table: DeltaTable, application: str, ledger: str, dataset: str) -> bool:
    """Whether a ledger records progress of this application; of pins only those of the dataset's own table."""
    if ledger == "pins" and not application.startswith(f"pin:{dataset}_v"):
        return False
    return table.transaction_version(application) is not None


def _conditions(ledger: str, domain: str, dataset: str) -> Iterator[tuple[str, str]]:
    """By which columns and values a ledger knows a dataset."""
    if ledger == "milestones":
        yield from (("step", step) for step in _steps(domain, dataset))
    else:
        yield ("table_name" if ledger in _OF_TABLES else "dataset"), dataset


def _steps(domain: str, dataset: str) -> tuple[str, ...]:
    """Its own step, and those that count the versions of all tables of its domain, which become fewer."""
    return f"tested_{dataset}", f"transform_{domain}", f"publish_{domain}"


def _applications(domain: str, dataset: str) -> Iterator[str]:
    yield from (f"{application}:{dataset}" for application in _APPLICATIONS)
    yield from (f"publish:{layer}.{dataset}" for layer in (SILVER, QUARANTINE))
    yield f"rollback:{SILVER}.{dataset}"
    yield from _steps(domain, dataset)
