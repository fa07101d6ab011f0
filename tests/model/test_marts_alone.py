"""A mart that fails keeps its version and its changes, the others go on; a rebuild shows its difference first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import ModelError
from lakehouse.transform import marts
from lakehouse.transform.mart_rebuild import rebuild_mart
from lakehouse.transform.mart_states import states_of
from lakehouse.transform.table_difference import TableDifference
from tests.model.deliveries import stories_of_a_run
from tests.model.test_marts import KEYS, MartsPlayer, compare_mart, two_categories, wanted_marts

pytestmark = pytest.mark.model

FAILING = "fct_customer_value"


@pytest.mark.timeout(600)
def test_a_mart_that_fails_keeps_what_it_shows_and_what_waits_until_it_passes(
    with_synthetic: Project, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any
) -> None:
    context = Context(with_synthetic, Lake.at(str(tmp_path_factory.mktemp("lake"))), lambda: spark)
    player = MartsPlayer(context, Counter())
    first, second, *_ = two_categories(stories_of_a_run()[0])
    player.play((first,))
    path, build = context.lake.table("marts", FAILING), marts.build_models
    before, real = table_version(path), ModelError(FAILING, "it finds 1 row", 0)
    monkeypatch.setattr(marts, "build_models", lambda *args: build(*args) | {FAILING: real})
    with pytest.raises(ModelError, match="it finds 1 row") as first_run:
        player.play((second,))
    assert len(first_run.value.rest or ()) >= 3, "the others are done"
    with pytest.raises(ModelError, match="it finds 1 row") as second_run:
        marts.build_marts(context)
    assert second_run.value.rest is None, "nothing else waits"
    assert table_version(path) == before
    (state,) = states_of(context, FAILING)
    assert list(state.pending.changes) == ["silver.erp_orders"]
    wanted = wanted_marts(context)
    for name in set(KEYS) - {FAILING}:
        compare_mart(context, name, wanted[name])
    monkeypatch.undo()
    marts.build_marts(context)
    compare_mart(context, FAILING, wanted_marts(context)[FAILING])

    seen: list[TableDifference] = []
    version = table_version(path)
    assert not rebuild_mart(context, FAILING, lambda found: seen.append(found) is not None)
    assert (seen[0].gone, seen[0].come, table_version(path)) == (0, 0, version)
    (best,) = spark.sql(f"SELECT max_by(customer_id, orders) FROM delta.`{path}`").collect()[0]
    spark.sql(f"DELETE FROM delta.`{path}` WHERE customer_id = '{best}'")
    assert rebuild_mart(context, FAILING, lambda found: seen.append(found) is None)
    assert (seen[1].gone, seen[1].come, seen[1].rows_after - seen[1].rows_before) == (0, 1, 1)
    assert {one.column for one in seen[1].sums if one.before != one.after} >= {"orders"}
    compare_mart(context, FAILING, wanted_marts(context)[FAILING])
    (state,) = states_of(context, FAILING)
    assert state.pending.nothing
    assert state.last is not None
    assert state.last.whole == "rebuilt by hand"
