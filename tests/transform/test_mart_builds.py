"""The order of a build: a mart reads what is there now, and only what passed its tests is shown. No Spark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from lakehouse.contracts.mart_graph import Mart, Reach
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import ModelError
from lakehouse.transform import marts
from lakehouse.transform.mart_changes import Pending
from lakehouse.transform.mart_keys import ChangedKeys
from lakehouse.transform.marts import Run

ORDERS = "silver.erp_orders"
BELOW = Mart("below", "below.sql", ("dt",), (ORDERS,), {ORDERS: Reach("select dt from changed")})
ABOVE = Mart("above", "above.sql", ("dt",), (BELOW.full_name,), {BELOW.full_name: Reach("select dt from changed")})
BESIDE = Mart("beside", "beside.sql", ("dt",), (ORDERS,), BELOW.reach)


@dataclass
class Shown:
    """A candidate that notes what it is asked to show."""

    mart: Mart
    folder: str = "folder"
    said: list[Any] = field(default_factory=list)

    def show(self, statement: str, said: dict[str, Any]) -> bool:
        self.said.append(said)
        return True


@pytest.fixture
def run(project: Project, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A build of three marts, of which only the parts between are done."""
    for name in ("register_silver", "register_table", "ensure_views", "emit_built"):
        monkeypatch.setattr(marts, name, lambda *given: None)
    monkeypatch.setattr(marts, "ChangedRows", lambda spark: None)
    return Run(Context(project, lake, lambda: None), {}, (BELOW, ABOVE, BESIDE), (), {ORDERS: 7})  # type: ignore[arg-type,return-value]


def build(
    run: Run, monkeypatch: pytest.MonkeyPatch, todo: Sequence[Pending], errors: dict[str, ModelError]
) -> dict[str, Shown]:
    """Build some marts, of which the tests of dbt end with some errors; what was shown of each."""
    made = {one.mart.name: Shown(one.mart) for one in todo}

    @contextmanager
    def candidates(context: Context, wanted: object) -> Iterator[list[Shown]]:
        yield list(made.values())

    monkeypatch.setattr(marts, "candidates", candidates)
    monkeypatch.setattr(marts, "verified", lambda run, todo: todo)
    monkeypatch.setattr(marts, "register", lambda run, todo: None)
    monkeypatch.setattr(marts, "_keys", lambda run, todo: {one.mart.name: ChangedKeys("v", 3) for one in todo})
    monkeypatch.setattr(marts, "_statement", lambda candidate, keys: "merge")
    monkeypatch.setattr(marts, "built_and_tested", lambda run, made, keys: errors)
    assert marts._build(run, todo) == []
    return made


def test_a_mart_whose_test_fails_shows_neither_rows_nor_progress_and_the_other_does(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo = [Pending(mart, 4, {ORDERS: 7}) for mart in (BELOW, BESIDE)]
    error = ModelError("one_row_per", "2 rows", 0)
    shown = build(run, monkeypatch, todo, {"below": error})
    assert shown["below"].said == []
    (said,) = shown["beside"].said
    assert (said["silver_versions"], said["build"]["keys"]) == ({"erp_orders": 7}, 3)
    assert run.errors == [error]
    assert ([done.name for done in run.done], run.failed) == (["beside"], {"below"})


def test_a_mart_on_a_mart_reads_the_version_that_its_commit_will_name(
    run: Run, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mart below was at version 3 when the one above was built, and is at 5."""
    seen: list[tuple[Any, ...]] = []
    monkeypatch.setattr(marts, "register_version", lambda spark, *given: seen.append(given))
    one = Pending(ABOVE, 2, {BELOW.full_name: 5}, {BELOW.full_name: 3})
    marts.register(run, [one])
    assert seen == [("marts", "below", lake.table("marts", "below"), 5)]
    assert marts.said_of(one, marts.MartBuild("above", None, 1, 0.5))["mart_versions"] == {"below": 5}
