"""Which rows of silver readers see: one condition, for DuckDB, for Athena's views and for what dbt builds."""

from __future__ import annotations

from lakehouse.contracts.contract import Dataset


def not_deleted(flag: str) -> str:
    """The condition that leaves out soft-deleted rows, in words that DuckDB and Athena share.

    A row whose flag is null counts as not deleted: nobody has said that it is.
    """
    return f'NOT coalesce("{flag}", false)'


def where_shown(dataset: Dataset) -> str:
    """The WHERE of a query over the silver table of a dataset; empty where rows of it are never deleted."""
    return f" WHERE {not_deleted(dataset.delete_flag)}" if dataset.delete_flag else ""
