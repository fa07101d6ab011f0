"""Athena's views change all or not at all: a catalogue of dictionaries, and an Athena that can refuse a statement."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lakehouse.publish.catalogue import MANAGED
from lakehouse.publish.view_refresh import RefreshResult, refresh_views
from lakehouse.publish.views import ResolvedView, read_views, resolve

Entries = dict[str, dict[str, Any]]


class RefusedError(Exception):
    """Athena refuses a statement."""


@dataclass
class Catalogue:
    """The entries of the database `analytics` as Glue keeps them, and Athena's statements that change them."""

    entries_: Entries = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)
    refuses: str = "nothing"

    def run(self, statement: str, purpose: str, database: str) -> None:
        """Athena: create or drop the view that a statement names."""
        self.statements.append(purpose)
        if re.search(self.refuses, purpose):
            raise RefusedError(purpose)
        created = re.match(r'CREATE OR REPLACE VIEW "analytics"\."(\w+)" AS\n(.*)', statement, re.S)
        if created:
            self.entries_[created[1]] = view_entry(created[1], created[2])
        elif dropped := re.match(r'DROP VIEW IF EXISTS "analytics"\."(\w+)"', statement):
            self.entries_.pop(dropped[1])

    def entries(self, database: str) -> Iterator[dict[str, Any]]:
        """Glue: all entries."""
        return iter([dict(entry) for entry in self.entries_.values()])

    def entry(self, database: str, name: str) -> dict[str, Any] | None:
        """Glue: one entry."""
        return self.entries_.get(name)

    def replace(self, database: str, wanted: Mapping[str, Any], present: Mapping[str, Any]) -> None:
        """Glue: update an entry."""
        self.entries_[present["Name"]] = dict(wanted)

    def restore(self, database: str, name: str, earlier: Mapping[str, Any] | None) -> None:
        """Glue: an earlier entry, or none."""
        self.entries_.pop(name, None)
        if earlier is not None:
            self.entries_[name] = dict(earlier)


def view_entry(name: str, sql: str) -> dict[str, Any]:
    """The entry that Athena writes for a view."""
    text = base64.b64encode(json.dumps({"originalSql": sql}).encode()).decode()
    return {
        "Name": name, "ViewOriginalText": f"/* Presto View: {text} */", "Parameters": {"comment": "Presto View"},
        "StorageDescriptor": {"Columns": [{"Name": "x", "Type": "bigint"}]},
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        write_view(tmp_path, name, "select x from silver.sales")
    return tmp_path


def write_view(folder: Path, name: str, sql: str) -> None:
    (folder / f"{name}.sql").write_text(f"-- description: View {name}.\n-- column x bigint: Number.\n{sql}\n")


def views_in(folder: Path) -> list[ResolvedView]:
    return resolve(read_views(folder), {})


def refresh(catalogue: Catalogue, views: list[ResolvedView], *postponed: str) -> RefreshResult:
    return refresh_views(catalogue, catalogue, views, postponed)  # type: ignore[arg-type]


def test_views_are_created_once_and_described(folder: Path) -> None:
    catalogue = Catalogue()
    assert refresh(catalogue, views_in(folder)) == RefreshResult(("a", "b", "c"), ())
    assert catalogue.statements[:3] == [f"accept the view {name}" for name in "abc"]
    entry = catalogue.entries_["b"]
    assert entry["Parameters"] == {"comment": "Presto View", MANAGED: "view", "lakehouse.description": "View b."}
    assert entry["StorageDescriptor"]["Columns"] == [{"Name": "x", "Type": "bigint", "Comment": "Number."}]
    before = list(catalogue.statements)
    assert refresh(catalogue, views_in(folder)) == RefreshResult((), ())
    assert catalogue.statements == before
    write_view(folder, "b", "select x + 1 as x from silver.sales")
    assert refresh(catalogue, views_in(folder)) == RefreshResult(("b",), ())


def test_views_without_a_file_are_dropped_but_for_postponed_and_others(folder: Path) -> None:
    catalogue = Catalogue()
    refresh(catalogue, views_in(folder))
    catalogue.entries_["theirs"] = view_entry("theirs", "SELECT 1 AS x")
    catalogue.entries_["table"] = {"Name": "table"}
    catalogue.entries_["odd"] = {"Name": "odd", "ViewOriginalText": "/* Presto View: no base64 */"}
    for name in "ab":
        (folder / f"{name}.sql").unlink()
    assert refresh(catalogue, views_in(folder), "a") == RefreshResult((), ("b",))
    assert sorted(catalogue.entries_) == ["a", "c", "odd", "table", "theirs"]


@pytest.mark.parametrize("refuses", ["create the view b", "create the view c", "drop the view old"])
def test_when_one_change_fails_the_previous_views_are_restored(folder: Path, refuses: str) -> None:
    catalogue = Catalogue()
    write_view(folder, "old", "select x from silver.sales")
    (folder / "c.sql").unlink()
    refresh(catalogue, views_in(folder))
    before = dict(catalogue.entries_)
    (folder / "old.sql").unlink()
    for name in "abc":  # a and b change, c is new, old goes
        write_view(folder, name, "select x + 1 as x from silver.sales")
    catalogue.refuses = refuses
    with pytest.raises(RefusedError):
        refresh(catalogue, views_in(folder))
    assert catalogue.entries_ == before
    catalogue.refuses = "nothing"
    assert refresh(catalogue, views_in(folder)) == RefreshResult(("a", "b", "c"), ("old",))


def test_no_view_changes_before_all_are_accepted(folder: Path) -> None:
    catalogue = Catalogue(refuses="accept the view c")
    with pytest.raises(RefusedError):
        refresh(catalogue, views_in(folder))
    assert catalogue.statements == [f"accept the view {name}" for name in "abc"]
    assert catalogue.entries_ == {}
