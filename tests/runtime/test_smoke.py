"""The try of packages, commits and delta-rs says what does not work, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.lake.delta_log import read_rows, table_version
from lakehouse.runtime import smoke as module
from lakehouse.runtime.context import Context
from lakehouse.runtime.smoke import SmokeError, smoke


def left(context: Context) -> list[Path]:
    """The files that the lake has."""
    return [path for path in Path(context.lake.curated).rglob("*") if path.is_file()]


def test_a_try_leaves_nothing_in_the_lake(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[tuple[int, int]] = []
    remove = module.remove_tree

    def look(path: str) -> None:
        removed.append((table_version(path), len(read_rows(path))))
        remove(path)

    monkeypatch.setattr(module, "remove_tree", look)
    smoke(context, packages=("json",))
    assert removed == [(1, 2)], "two commits were made, of a row each"
    assert left(context) == []


def test_a_missing_package_is_named_before_spark_starts(context: Context) -> None:
    def start() -> Any:
        raise AssertionError("Spark was started")

    unable = Context(context.project, context.lake, start)
    with pytest.raises(SmokeError, match=r"packages found no_such_package missing, wanted those of requirements\.txt"):
        smoke(unable, packages=("json", "no_such_package"))


def test_commits_that_delta_rs_cannot_see_are_an_error_and_are_removed(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "read_rows", lambda path: [{}])
    with pytest.raises(SmokeError, match="version 1 with 1 rows, wanted version 1 with 2 rows"):
        smoke(context, packages=())
    assert left(context) == []
