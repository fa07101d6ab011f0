"""Removes everything that a dataset left in a lake once no contract describes it: tables, docs, ledgers, catalogue.

Each part is removed by itself and found again by looking for it, so a drop that was killed is completed by the same
command; no run touches what no contract describes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakehouse import log
from lakehouse.contracts.layers import BRONZE, PINNED, QUARANTINE, SILVER
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.lake.dataset_changes import ChangeState, record_change, unfinished_change
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.files import exists, is_there, remove, remove_tree
from lakehouse.lake.forgetting import forget, ledger_rows
from lakehouse.lake.paths import DATA_DOCS_PAGE, Lake
from lakehouse.lake.published import pins_of
from lakehouse.publish.catalogue import GlueCatalogue
from lakehouse.runtime.context import Context
from lakehouse.validate.validate import docs_of

DROP = "drop"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DOCS = ("results", "validations")


class StillDescribedError(LakehouseError):
    """A contract describes the dataset, so that the next run would make it again."""

    def __init__(self, domain: str, dataset: str) -> None:
        self.domain, self.dataset = domain, dataset
        super().__init__(
            f"{dataset}: contracts/{domain}.yaml still describes it, so the next run would make it again; take it out "
            f"of the contract and remove its suite first. Nothing was removed."
        )


class NothingLeftError(UsageError):
    """The lake holds nothing of the dataset."""

    def __init__(self, domain: str, dataset: str) -> None:
        self.domain, self.dataset = domain, dataset
        name = f"{domain}.{dataset}".lstrip(".")
        super().__init__(f"The lake holds nothing of a dataset {name}; it is named DOMAIN.DATASET.")


class LeftBehindError(LakehouseError):
    """Something of the dataset is still there after everything was removed."""

    def __init__(self, dataset: str, left: tuple[str, ...]) -> None:
        self.dataset, self.left = dataset, left
        super().__init__(
            f"{dataset}: still there after it was dropped: {', '.join(left)}; stop what writes it, run it again."
        )


@dataclass(frozen=True)
class Leftovers:
    """What a lake holds of a dataset.

    tables: layer and name. docs: files and folders of Data Docs. ledgers: rows by ledger. catalogue: entries in Glue.
    landed: the domain's record of raw files, where no other dataset needs it. raw: files below the domain's raw folder,
    which stay. is_unfinished: an earlier drop did not come to its end.
    """

    tables: tuple[tuple[str, str], ...]
    docs: tuple[str, ...]
    ledgers: dict[str, int]
    catalogue: tuple[tuple[str, str], ...]
    landed: str | None
    raw: tuple[str, ...]
    is_unfinished: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """What is to be removed, in words."""
        ledgers = (f"ops.{ledger}: {number} rows" for ledger, number in self.ledgers.items())
        entries = (f"catalogue entry {database}.{name}" for database, name in self.catalogue)
        tables = (f"table {layer}.{name}" for layer, name in self.tables)
        return (*tables, *(f"docs {path}" for path in self.docs), *ledgers, *entries, *filter(None, (self.landed,)))


def leftovers(context: Context, domain: str, dataset: str) -> Leftovers:
    """Look for everything that a dataset left; raises StillDescribedError, or NothingLeftError for no name of one."""
    if not (_NAME.fullmatch(domain) and _NAME.fullmatch(dataset)):
        raise NothingLeftError(domain, dataset)
    if any(known.name == dataset for known in context.contracts.datasets):
        raise StillDescribedError(domain, dataset)
    lake = context.lake
    pinned = [(PINNED, pin.pinned_as) for pin in pins_of(lake) if (pin.layer, pin.table_name) == (SILVER, dataset)]
    names = [*((layer, dataset) for layer in (SILVER, QUARANTINE, BRONZE)), *pinned]
    return Leftovers(
        tuple((layer, name) for layer, name in names if is_there(lake.table(layer, name))),
        tuple(path for path in _docs_of(dataset) if is_there(f"{lake.docs}/data_docs/{path}")),
        ledger_rows(lake, domain, dataset),
        _entries(lake, names),
        _landed(context, domain),
        _raw_files(lake, domain, dataset),
        unfinished_change(lake, dataset) is not None,
    )


def drop(context: Context, domain: str, dataset: str, found: Leftovers, by: Signature) -> None:
    """Remove what was found, then look again; raises LeftBehindError, and the same command goes on from there."""
    lake = context.lake
    with log.about(domain=domain, dataset=dataset):
        what = "; ".join(found.lines)
        record_change(lake, domain, dataset, DROP, ChangeState.STARTED, what, by)
        _drop_entries(found)
        for path in found.docs:
            remove_tree(f"{lake.docs}/data_docs/{path}")
        if exists(f"{lake.root}/{DATA_DOCS_PAGE}"):
            docs_of(context.project.suites, f"{lake.docs}/data_docs").refresh()
        for layer, name in found.tables:
            remove_tree(lake.table(layer, name))
        forget(lake, domain, dataset)
        if found.landed:
            remove(lake.landed(domain))
        if left := leftovers(context, domain, dataset).lines:
            raise LeftBehindError(dataset, left)
        record_change(lake, domain, dataset, DROP, ChangeState.DONE, what, by)
        log.info("dropped", parts=len(found.lines))


def _docs_of(dataset: str) -> tuple[str, ...]:
    return (*(f"{folder}/{dataset}" for folder in _DOCS), f"expectations/{dataset}.html")


def _entries(lake: Lake, names: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    if lake.is_local:
        return ()
    import boto3

    glue = GlueCatalogue(boto3.client("glue"))
    return tuple((layer, name) for layer, name in names if layer != BRONZE and glue.entry(layer, name) is not None)


def _drop_entries(found: Leftovers) -> None:
    if not found.catalogue:
        return
    import boto3

    glue = GlueCatalogue(boto3.client("glue"))
    for database, name in found.catalogue:
        glue.restore(database, name, None)


def _landed(context: Context, domain: str) -> str | None:
    alone = all(contract.domain != domain for contract in context.contracts)
    return f"ops/_landed/{domain}.json" if alone and exists(context.lake.landed(domain)) else None


def _raw_files(lake: Lake, domain: str, dataset: str) -> tuple[str, ...]:
    rows = read_rows(lake.ops("batches"), dataset=dataset)
    return tuple(f"{lake.landing(domain)}/{file['path']}" for row in rows for file in row["files"] or ())
