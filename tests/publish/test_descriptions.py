"""The tables of the ops layer: one list, which the published ones, their descriptions and the docs follow."""

from __future__ import annotations

from lakehouse.contracts.layers import OPS
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import LEDGERS, PRIVATE_LEDGERS, PUBLISHED_LEDGERS
from lakehouse.publish.descriptions import described, ops_schemas, queryable_tables


def test_every_published_ledger_has_columns_and_a_description(project: Project) -> None:
    assert set(LEDGERS) == {*PUBLISHED_LEDGERS, *PRIVATE_LEDGERS}
    assert tuple(ops_schemas()) == PUBLISHED_LEDGERS
    assert all(described(project, OPS, name).description for name in PUBLISHED_LEDGERS)
    assert not {f"{OPS}.{name}" for name in PRIVATE_LEDGERS} & queryable_tables(project).keys()


def test_the_architecture_page_names_every_ledger(project: Project) -> None:
    text = (project.root / "docs" / "architecture.md").read_text(encoding="utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith("| `curated/ops/`")]
    assert [name for name in LEDGERS if f"`{name}`" not in row] == []
