"""What silver, quarantine and fact must be after a sequence of deliveries, by DuckDB from the files alone.

Written from design sections 5 and 6; it shares nothing with the pipeline and reads no contract, so that a
mistake in either shows as a difference. Instants are timestamps in UTC without a zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.oracle.reading import RawRow, csv_rows, json_rows

HERE = Path(__file__).parent
QUARANTINE_LIMIT_PERCENT = 20


@dataclass(frozen=True)
class Dataset:
    """How the files of one dataset look, and what tells its rows apart."""

    pattern: str
    columns: tuple[str, ...]
    identity: tuple[str, ...]  # of rows equal in these within one batch only one is kept


@dataclass(frozen=True)
class Table:
    """Rows with the names of their columns, ordered by the key."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries, column to value."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Batch:
    """The fate of one dataset's files in one delivery."""

    landed: int  # delivered rows; 0 where the file was refused as a whole
    quarantined: int  # unreadable rows and rows that break a rule
    stopped: str | None = None  # why nothing of the batch may reach silver

    @property
    def good(self) -> int:
        """Return how many rows were neither unreadable nor against a rule."""
        return self.landed - self.quarantined


@dataclass(frozen=True)
class Expected:
    """What the lake must hold after the deliveries.

    silver: dataset to its rows, tombstones (is_deleted) among them; the contract's columns, then dt, or for
        products valid_from, valid_to and is_current.
    batches: dataset to one batch per delivery; None where the delivery had no file for it.
    """

    silver: Mapping[str, Table]
    batches: Mapping[str, list[Batch | None]]
    fact: Table


class AmbiguousDeliveryError(ValueError):
    """The deliveries hold rows of one key and sequence but different content: the outcome is not defined."""

    def __init__(self, dataset: str, identity: tuple[Any, ...]) -> None:
        self.dataset, self.identity = dataset, identity
        super().__init__(f"{dataset}: one batch has rows that differ although all have {identity}")


DATASETS = {
    "erp_orders": Dataset(
        pattern="erp_orders*.csv",
        columns=("order_id", "line_number", "store_id", "customer_id", "product_id", "quantity", "unit_price",
                 "discount_amount", "status", "ordered_at", "updated_at", "is_deleted"),
        identity=("order_id", "line_number", "updated_at"),
    ),
    "crm_leads": Dataset(
        pattern="crm_leads*.csv",
        columns=("lead_id", "store_id", "full_name", "email", "phone", "source", "status", "created_at",
                 "updated_at", "is_deleted"),
        identity=("lead_id", "updated_at"),
    ),
    "web_events": Dataset(
        pattern="web_events*.json",
        columns=("line",),
        identity=("event_id", "received_at"),
    ),
    "products": Dataset(
        pattern="products*.csv",
        columns=("product_id", "name", "category", "list_price", "unit_cost", "is_active", "updated_at"),
        identity=("product_id", "updated_at"),
    ),
}  # fmt: skip


def expected(deliveries: Sequence[Path]) -> Expected:
    """Return what the lake must hold after these delivery directories, in their order.

    The files of one dataset in one directory are one batch, also where a directory comes twice; files in
    deeper directories are no part of it. A batch is left out as a whole where a file lacks a column or has no
    rows, or where more than 20 % of its rows are quarantined.

    Raises: AmbiguousDeliveryError where the outcome of a batch is not defined.
    """
    with duckdb.connect() as lake:
        refused = {name: load(lake, name, deliveries) for name in DATASETS}
        for script in ("parse.sql", "judge.sql"):
            lake.execute((HERE / script).read_text())
        batches = {name: judge(lake, name, refused[name], len(deliveries)) for name in DATASETS}
        lake.execute((HERE / "silver.sql").read_text())
        silver = {name: silver_rows(lake, name) for name in DATASETS}
        return Expected(silver, batches, table(lake, (HERE / "fact.sql").read_text()))


def load(lake: duckdb.DuckDBPyConnection, name: str, deliveries: Sequence[Path]) -> dict[int, Batch | None]:
    """Fill raw_<dataset> with the delivered text; return the batches that have no readable file."""
    dataset = DATASETS[name]
    columns = ", ".join(f"{column} varchar" for column in dataset.columns)
    lake.execute(f"create table raw_{name} (delivery integer, {columns})")
    without: dict[int, Batch | None] = {}
    for delivery, directory in enumerate(deliveries):
        contents = [rows_of(path, dataset) for path in sorted(directory.glob(dataset.pattern))]
        if not contents:
            without[delivery] = None
        elif any(rows is None for rows in contents):
            without[delivery] = Batch(0, 0, stopped="a file is empty or lacks a required column")
        else:
            insert(lake, name, delivery, [row for rows in contents for row in rows or ()])
    return without


def rows_of(path: Path, dataset: Dataset) -> list[RawRow] | None:
    """Return the delivered rows of one file, or None where the file as a whole is unusable."""
    return json_rows(path) if path.suffix == ".json" else csv_rows(path, dataset.columns)


def insert(lake: duckdb.DuckDBPyConnection, name: str, delivery: int, rows: Sequence[RawRow]) -> None:
    """Append the rows to raw_<dataset>, unreadable ones as nulls."""
    width = len(DATASETS[name].columns)
    columns = [[row[place] if row else None for row in rows] for place in range(width)]
    lists = ", ".join("unnest(cast(? as varchar[]))" for _ in columns)
    lake.execute(f"insert into raw_{name} select {delivery}, {lists}", columns)


def judge(
    lake: duckdb.DuckDBPyConnection, name: str, without: Mapping[int, Batch | None], deliveries: int
) -> list[Batch | None]:
    """Count every batch of the dataset and make good_<dataset> of the good rows of those not stopped."""
    refuse_ties(lake, name)
    count = f"select delivery, count(*), count(*) filter (not is_good) from judged_{name} group by delivery"
    counted = {delivery: batch(*counts) for delivery, *counts in lake.execute(count).fetchall()}
    found = {**counted, **without}
    merged = [delivery for delivery, of_it in counted.items() if not of_it.stopped]
    lake.execute(
        f"create table good_{name} as select * from judged_{name} where is_good and list_contains(?, delivery)",
        [merged],
    )
    return [found.get(delivery, Batch(0, 0, stopped="no rows")) for delivery in range(deliveries)]


def batch(landed: int, quarantined: int) -> Batch:
    """Return the batch of these counts, stopped where too many rows are quarantined."""
    too_many = quarantined * 100 > landed * QUARANTINE_LIMIT_PERCENT
    return Batch(landed, quarantined, f"{quarantined} of {landed} rows quarantined" if too_many else None)


def refuse_ties(lake: duckdb.DuckDBPyConnection, name: str) -> None:
    """Raise where one batch has good rows of equal identity that differ: nothing here settles it."""
    identity = ", ".join(DATASETS[name].identity)
    tie = lake.execute(
        f"select {identity} from (select distinct * from judged_{name} where is_good)"
        f" group by delivery, {identity} having count(*) > 1"
    ).fetchone()
    if tie:
        raise AmbiguousDeliveryError(name, tie)


def silver_rows(lake: duckdb.DuckDBPyConnection, name: str) -> Table:
    """Return silver_<dataset>, ordered by its key."""
    return table(lake, f"select * from silver_{name} order by {', '.join(DATASETS[name].identity)}")


def table(lake: duckdb.DuckDBPyConnection, query: str) -> Table:
    """Return the query's rows and column names."""
    result = lake.execute(query)
    return Table(tuple(column[0] for column in result.description), result.fetchall())
