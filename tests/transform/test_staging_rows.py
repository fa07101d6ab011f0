"""dbt's staging has the rows of silver that every other reader sees: none that is deleted."""

from __future__ import annotations

import pytest
from deltalake import DeltaTable

from lakehouse.publish.not_deleted import delete_flags
from lakehouse.publish.query import run_query
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import manifest_of, register_silver, run_dbt
from tests.helpers.lakes_without_spark import write_lake
from tests.helpers.samples import sample_datasets


@pytest.fixture
def staged(context: Context) -> Context:
    """The samples with deletes and, in each table that has a flag, a null one; dbt's staging views over them."""
    write_lake(context.project, context.lake)
    for name in delete_flags(context.contracts):
        dataset = context.contracts.dataset(name.split(".")[1])
        table, key = DeltaTable(context.lake.silver(dataset.name)), dataset.key[0]
        keys = sorted(set(table.to_pyarrow_table()[key].to_pylist()))
        table.update(updates={"is_deleted": "true"}, predicate=f"{key} IN ('{keys[0]}', '{keys[1]}')")
        table.update(updates={"is_deleted": "null"}, predicate=f"{key} = '{keys[2]}'")
    register_silver(context.spark(), context.lake, context.contracts)
    run_dbt(context, ["run", "--select", "config.materialized:view"])
    return context


def test_every_staging_view_has_the_rows_that_readers_see(staged: Context) -> None:
    hidden = 0
    for dataset in sample_datasets(staged.contracts):
        name = dataset.name
        (seen,) = run_query(staged.lake, staged.contracts, f"select count(*) from silver.{name}").rows[0]
        (view,) = [f"{n.schema}.{n.name}" for n in manifest_of(staged).nodes.values() if n.name == f"stg_{name}"]
        assert staged.spark().table(view).count() == seen, name
        hidden += DeltaTable(staged.lake.silver(name)).to_pyarrow_table().num_rows - seen
    assert hidden >= 4
