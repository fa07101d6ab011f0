"""Every mart after random deliveries: each equals its full rebuild, which DuckDB computes from silver alone.

Four marts of the project (the fact is compared by `test_model.py`) and five of `marts/`: a self-join within a window, a
mart on a mart on a mart, a left join on a history with late versions, and one that is always built whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import QueryBuilder
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.project import Project
from lakehouse.lake.changed_rows import IMAGE, NEW
from lakehouse.lake.delta_log import existing_table, table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform import mart_keys, marts
from lakehouse.transform.mart_changes import Change
from lakehouse.transform.marts import MartsResult, build_marts
from tests.model.deliveries import Action, Step, Story, stories_of_a_run
from tests.model.footprint import Mismatch
from tests.model.harness import Player
from tests.model.model import PRODUCTS, RULES

pytestmark = pytest.mark.model

HERE = Path(__file__).parent / "marts"
STORIES = 2
"""Of the stories that the model suite plays; each has five deliveries."""
KEYS = {
    "fct_daily_product_metrics": ("dt", "product_id"),
    "fct_customer_value": ("customer_id",),
    "fct_weekly_category_metrics": ("week", "category"),
    "syn_window": ("dt", "store_id"),
    "syn_months": ("month", "store_id"),
    "syn_stores": ("store_id",),
    "syn_named_lines": ("product", "status"),
    "syn_total": (),
}
BY_KEYS = frozenset(KEYS) - {"syn_total"}


class MartsPlayer(Player):
    """Builds the marts after each delivery and compares them; silver is compared by another test."""

    def _build(self) -> None:
        self.seen.update(f"{mart.name}: {'whole' if mart.whole else 'keys'}" for mart in _built(self.context).marts)
        wanted = wanted_marts(self.context)
        for name in KEYS:
            compare_mart(self.context, name, wanted[name])


def _built(context: Context) -> MartsResult:
    for contract in context.contracts:
        paths = {dataset.name: context.lake.silver(dataset.name) for dataset in contract.datasets}
        record_tested(context.lake, contract, {name: table_version(path) for name, path in paths.items()})
    return build_marts(context)


Rows = list[tuple[Any, ...]]


def _load(connection: duckdb.DuckDBPyConnection, name: str, path: str) -> None:
    rows = QueryBuilder().register("t", existing_table(path)).execute("SELECT * FROM t").read_all()
    connection.register("arrived", pa.table(rows))
    connection.execute(f"create table {name} as select * from arrived")


def wanted_marts(context: Context) -> dict[str, Rows]:
    """The rows of every mart, from the rows that silver has."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for dataset in RULES:
            _load(connection, f"silver_{dataset}", context.lake.silver(dataset))
        connection.execute((HERE / "wanted.sql").read_text())
        return {name: _sorted(connection.sql(_selected(context, name))) for name in KEYS}


def _rows(context: Context, name: str) -> Rows:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        _load(connection, name, context.lake.table(MARTS, name))
        return _sorted(connection.sql(_selected(context, name)))


def _selected(context: Context, name: str) -> str:
    columns = [field.name for field in existing_table(context.lake.table(MARTS, name)).schema().fields]
    return f"select {', '.join(columns)} from {name}"


def _sorted(found: duckdb.DuckDBPyRelation) -> Rows:
    return sorted(found.fetchall(), key=str)


def compare_mart(context: Context, name: str, wanted: Rows) -> None:
    """Compare a mart cell by cell; Decimal('1.0') equals Decimal('1.00'). Raises Mismatch."""
    found = _rows(context, name)
    if sorted(found, key=_comparable) != sorted(wanted, key=_comparable):
        more = [row for row in found if row not in wanted], [row for row in wanted if row not in found]
        raise Mismatch(f"{name}: rows differ: found {more[0][:3]}, wanted {more[1][:3]}")


def _comparable(row: tuple[Any, ...]) -> list[str]:
    return [str(value) if not hasattr(value, "normalize") else f"{value:f}" for value in row]


def two_categories(story: Story) -> Story:
    """The story with products of two categories, which change with neither name nor cost."""

    def of(action: Action) -> Action:
        if action.dataset != PRODUCTS:
            return action
        kinds = ("furniture", "toys")
        batches = [[{**row, "category": kinds[row["list_price"] > 5]} for row in batch] for batch in action.batches]
        return replace(action, batches=tuple(batches))

    return tuple(Step(tuple(of(action) for action in step.actions), builds=True) for step in story)


def _play_all(project: Project, spark: SparkSession, lakes: Sequence[Path]) -> Counter[str]:
    seen: Counter[str] = Counter()
    for story, folder in zip(stories_of_a_run(), lakes, strict=False):
        seen += _play(project, spark, folder, story)
    return seen


def _play(project: Project, spark: SparkSession, folder: Path, story: Story) -> Counter[str]:
    seen: Counter[str] = Counter()
    MartsPlayer(Context(project, Lake.at(str(folder)), lambda: spark), seen).play(two_categories(story))
    return seen


@pytest.mark.timeout(900)
def test_each_mart_equals_its_full_rebuild_after_every_delivery(
    with_synthetic: Project, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> None:
    seen = _play_all(with_synthetic, spark, [tmp_path_factory.mktemp("lake") for _ in range(STORIES)])
    assert [name for name in BY_KEYS if seen[f"{name}: whole"] != STORIES] == [], "the first build of each, no other"
    assert [name for name in BY_KEYS if not seen[f"{name}: keys"]] == []


Plant = Callable[[pytest.MonkeyPatch], None]


def old_images_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Only the rows as they are count, so that the place that a row left keeps it."""
    of = mart_keys.ChangedRows.of

    def new_alone(rows: mart_keys.ChangedRows, change: Change) -> DataFrame | None:
        images = of(rows, change)
        return images if images is None else images.where(f"{IMAGE} = '{NEW}'")

    patch.setattr(mart_keys.ChangedRows, "of", new_alone)


def a_join_knows_the_new_state_alone(patch: pytest.MonkeyPatch) -> None:
    """A query that joins is asked once, on the tables as they are now."""

    class Nothing:
        def __enter__(self) -> None: ...

        def __exit__(self, *error: object) -> None: ...

    patch.setattr(mart_keys, "_as_shown", lambda spark, pending: Nothing())


def a_first_version_begins_with_itself(patch: pytest.MonkeyPatch) -> None:
    """The reach of a product's version leaves out the time before the first."""
    typed = mart_keys._typed
    text = "or changed_times.changed_from = first_versions.first_from"
    patch.setattr(mart_keys, "_typed", lambda mart, query: typed(mart, query.replace(text, "")))


def a_mart_on_a_mart_reads_the_version_before(patch: pytest.MonkeyPatch) -> None:
    """The mart below is read as it was shown before its new rows."""
    register = marts.register_version

    def before(spark: SparkSession, layer: str, name: str, path: str, version: int) -> None:
        register(spark, layer, name, path, max(version - 1, 0) if layer == MARTS else version)

    patch.setattr(marts, "register_version", before)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "plant",
    [
        old_images_are_forgotten,
        a_join_knows_the_new_state_alone,
        a_first_version_begins_with_itself,
        a_mart_on_a_mart_reads_the_version_before,
    ],
    ids=lambda plant: plant.__name__,
)
def test_a_planted_bug_is_found(
    plant: Plant,
    with_synthetic: Project,
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    lakes = [tmp_path_factory.mktemp("lake") for _ in range(STORIES)]
    with pytest.raises(Mismatch, match="rows differ"):
        _play_all(with_synthetic, spark, lakes)
