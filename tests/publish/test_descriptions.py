"""The tables of the ops layer: one list, which the published ones, their descriptions and the docs follow."""

from __future__ import annotations

from lakehouse.contracts.layers import BRONZE, OPS, QUARANTINE
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import LEDGERS, PRIVATE_LEDGERS, PUBLISHED_LEDGERS
from lakehouse.publish.descriptions import described, ops_schemas, queryable_tables


def test_every_published_ledger_has_columns_and_a_description(project: Project) -> None:
    assert set(LEDGERS) == {*PUBLISHED_LEDGERS, *PRIVATE_LEDGERS}
    assert tuple(ops_schemas()) == PUBLISHED_LEDGERS
    assert all(described(project, OPS, name).description for name in PUBLISHED_LEDGERS)
    for name, schema in ops_schemas().items():
        assert set(schema.names) <= described(project, OPS, name).comments.keys()
    assert not {f"{OPS}.{name}" for name in PRIVATE_LEDGERS} & queryable_tables(project).keys()


def test_bronze_and_quarantine_say_what_a_row_of_theirs_is(project: Project) -> None:
    bronze, quarantine = (described(project, layer, "erp_orders") for layer in (BRONZE, QUARANTINE))
    assert bronze.description.startswith("Every row of every delivery of erp_orders that could be parsed")
    assert bronze.comments["_batch_id"] == "Batch of the row."
    added = {"_rescued", "_repair_of", "_source_file", "_batch_id", "_row_id"}
    assert (added | {"_ingested_at", "_utc_offset", "order_id"}) <= bronze.comments.keys()
    assert added <= quarantine.comments.keys()


def test_the_architecture_page_names_every_ledger(project: Project) -> None:
    text = (project.root / "docs" / "architecture.md").read_text(encoding="utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith("| `curated/ops/`")]
    assert [name for name in LEDGERS if f"`{name}`" not in row] == []
