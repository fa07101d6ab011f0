"""Which rows of silver readers see: one condition, in DuckDB, in Athena's views and queries, and in what dbt builds.

Silver keeps soft-deleted rows for the merge. Whoever queries meets a silver table by way of this module.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import SILVER


def not_deleted(flag: str) -> str:
    """The condition for a row to be seen, in words that DuckDB and Athena share.

    A row whose flag is null counts as not deleted: nobody has said that it is.
    """
    return f'NOT coalesce("{flag}", false)'


def where_shown(dataset: Dataset) -> str:
    """The WHERE of a query of a silver table; empty where its contract has no deleteFlag."""
    return f" WHERE {not_deleted(dataset.delete_flag)}" if dataset.delete_flag else ""


def delete_flags(contracts: Contracts) -> dict[str, str]:
    """The delete flag of each silver table that has one, by layer.table."""
    return {f"{SILVER}.{d.name}": d.delete_flag for d in contracts.datasets if d.delete_flag}


def keeps_deleted(tree: exp.Expr, flags: Mapping[str, str]) -> bool:
    """Whether a query reads rows of a table that keeps deleted ones; DESCRIBE reads its columns alone."""
    is_description = isinstance(tree, exp.Describe) and isinstance(tree.this, exp.Table)
    return not is_description and any(_name(table) in flags for table in tree.find_all(exp.Table))


def without_deleted(tree: exp.Expr, flags: Mapping[str, str]) -> exp.Expr:
    """A query in which each silver table that keeps deleted rows is read without them."""
    copy = tree.copy()
    for column in copy.find_all(exp.Column):
        if f"{column.text('db')}.{column.table}".lower() in flags:
            column.set("db", None)  # silver.orders.status is orders.status of the subquery
    for table in list(copy.find_all(exp.Table)):
        flag = flags.get(_name(table))
        if flag:
            table.replace(_rows_shown(table, flag))
    return copy


def _rows_shown(table: exp.Table, flag: str) -> exp.Subquery:
    """The rows of a table that readers see, under the table's name or alias."""
    plain = exp.Table(this=table.this.copy(), db=table.args["db"].copy())
    rows = exp.select("*").from_(plain).where(exp.maybe_parse(not_deleted(flag), dialect="athena"))
    around = {name: part.copy() for name in ("sample",) if (part := table.args.get(name))}
    around |= {name: [part.copy() for part in table.args.get(name) or ()] for name in ("joins", "laterals", "pivots")}
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name))
    return exp.Subquery(this=rows, alias=alias.copy(), **around)


def _name(table: exp.Table) -> str:
    return f"{table.db}.{table.name}".lower()
