"""A table takes another layout in one commit: the same rows for every reader, merges before, meanwhile and after."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.cli.main import main
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layout import layout_of_table
from lakehouse.contracts.project import Project
from lakehouse.errors import EXIT_TERMINAL, EXIT_USAGE
from lakehouse.lake import rewrite
from lakehouse.lake.delta_log import select
from lakehouse.lake.evolution import OtherLayoutError, SchemaChangeError
from lakehouse.lake.paths import Lake
from lakehouse.layout.apply import apply_layout
from lakehouse.layout.declared import maintained_table
from lakehouse.layout.maintain import maintain_table
from lakehouse.publish.engine import open_engine
from lakehouse.runtime.context import Context
from lakehouse.transform import merge
from lakehouse.transform.merge import MergeResult, merge_batch
from tests.helpers.lakes_without_spark import write_lake

LAYOUTS = {
    "month": ("[month]", "[dt, store_id]"),
    "dt": ("[dt]", "[store_id]"),
    "dt, store_id": ("[dt, store_id]", "[lead_id]"),
    "": ("[]", "[dt, store_id]"),
}
NAMES = "lead_id, store_id, status, dt, _batch_id"


@dataclass
class Leads:
    """The silver table of the leads, in a project whose contract a test may change."""

    spark: SparkSession
    root: Path
    lake: Lake

    @property
    def context(self) -> Context:
        return Context(Project(self.root), self.lake, lambda: self.spark)

    @property
    def dataset(self) -> Dataset:
        return self.context.contracts.dataset("crm_leads")

    @property
    def delta(self) -> DeltaTable:
        return DeltaTable(self.lake.silver("crm_leads"))

    def declare(self, name: str, *more: str) -> None:
        """Write another layout into the contract."""
        file, now = self.root / "contracts/crm.yaml", self.dataset
        text = file.read_text()
        for word, columns, wanted in zip(
            ("partitionBy", "clusterBy"), (now.partition_by, now.cluster_by), LAYOUTS[name], strict=True
        ):
            before = f"{{property: {word}, value: [{', '.join(columns)}]}}"
            assert before in text
            text = text.replace(before, f"{{property: {word}, value: {wanted}}}")
        file.write_text(text.replace("{property: fileFormat", "".join(more) + "{property: fileFormat"))

    def merge(self, batch: int, first: int, last: int, status: str = "new") -> MergeResult:
        """Leads of eight days in two months, of seven stores."""
        rows = []
        for number in range(first, last):
            at = datetime(2026, 1 + number % 2, 1 + number // 2 % 4, 9, tzinfo=UTC)
            about = (f"L{number:05}", f"S{number % 7:03}", "A Name", "a@b.example", None, "web", status)
            rows.append((*about, at, datetime(2026, 6, batch, tzinfo=UTC), False))
        schema = ", ".join(f"{column.name} {column.type}" for column in self.dataset.columns)
        frame = self.spark.createDataFrame(rows, schema)
        return merge_batch(self.spark, self.dataset, frame, batch, self.lake.silver("crm_leads"))

    def rows(self) -> list[tuple[Any, ...]]:
        """Every row, by DuckDB, and once more by delta-rs where that reads the table."""
        sql = f"SELECT {NAMES} FROM {{}} ORDER BY lead_id"
        scan = f"delta_scan('{self.lake.silver('crm_leads')}')"
        found = open_engine(reads_delta=True).execute(sql.format(scan)).fetchall()
        if self.delta.protocol().min_reader_version < 3:
            assert [tuple(row.values()) for row in select(self.delta, sql.format("t"))] == found
        return found


@pytest.fixture
def leads(project: Project, spark: SparkSession, tmp_path: Path, lake: Lake) -> Leads:
    for folder in ("contracts", "dbt"):
        shutil.copytree(project.root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    return Leads(spark, tmp_path, lake)


@pytest.mark.layout
@pytest.mark.parametrize("vectors", [False, True])
def test_each_layout_becomes_each_other(leads: Leads, vectors: bool) -> None:
    if vectors:
        leads.declare("month", "{property: merge, value: deletion_vectors}\n      - ")
    leads.merge(1, 0, 200)
    leads.merge(2, 100, 130, "won")
    for batch, name in enumerate(("dt", "", "dt, store_id", "month"), 3):
        leads.declare(name)
        before, version = leads.rows(), leads.delta.version()
        with pytest.raises(OtherLayoutError, match="run `lakehouse layout apply crm_leads`"):
            leads.merge(batch, 0, 1)
        assert (leads.rows(), leads.delta.version()) == (before, version)
        done = apply_layout(leads.context, "crm_leads").done
        assert done is not None
        assert (done.rows, leads.rows(), leads.delta.version()) == (len(before), before, version + 1)
        about = leads.delta.metadata()
        assert layout_of_table(about.partition_columns, about.configuration) == leads.dataset.layout
        assert [field.name for field in leads.delta.schema().fields] == list(leads.dataset.silver_column_names)
        assert leads.delta.schema().fields[0].metadata == {"comment": "ID of the lead in the CRM."}
        assert apply_layout(leads.context, "silver.crm_leads").done is None
        result = leads.merge(batch, 190, 210 + batch, f"in {batch}")
        assert (result.conflicts, result.updated) == (0, 10 if batch == 3 else 19 + batch)
    assert len(leads.rows()) == 216
    assert DeltaTable(leads.lake.silver("crm_leads"), version=1).metadata().partition_columns == ["month"]


@pytest.mark.layout
def test_a_merge_meanwhile_is_in_the_new_layout(leads: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    leads.merge(1, 0, 50)
    old, real, done = leads.dataset, rewrite._refuse_loss, []

    def after_it(*given: Any) -> None:
        real(*given)
        if not done:
            done.append(leads.spark.sql(f"UPDATE delta.`{leads.lake.silver('crm_leads')}` SET status = 'x'").collect())

    monkeypatch.setattr(rewrite, "_refuse_loss", after_it)
    leads.declare("dt")
    applied = apply_layout(leads.context, "crm_leads").done
    assert applied is not None
    assert (applied.version, {row[2] for row in leads.rows()}, len(leads.rows())) == (2, {"x"}, 50)
    assert old.partition_by == ("month",)


@pytest.mark.layout
def test_maintenance_amid_a_merge_costs_it_one_retry(leads: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    for batch in range(1, 5):  # four files a month, each of all days and stores
        leads.merge(batch, 100 * batch, 100 * batch + 84)
    maintained = maintained_table(leads.context, "crm_leads")
    maintain_table(leads.context, maintained, max_bytes=1)  # describes the table, and rewrites nothing
    real, found = merge.write_plan, []

    def after_maintenance(*given: Any) -> None:
        if not found:
            found.append(maintain_table(leads.context, maintained))
        real(*given)

    monkeypatch.setattr(merge, "write_plan", after_maintenance)
    result = leads.merge(5, 150, 350, "won")
    assert found[0].files_removed > found[0].files_added
    assert (result.conflicts <= 1, result.updated, result.inserted) == (True, 34 + 84 + 50, 32)
    assert sum(row[2] == "won" for row in leads.rows()) == 200
    assert len(leads.rows()) == 4 * 84 + 32


@pytest.mark.layout
def test_a_column_that_the_contract_lost_is_not_dropped(leads: Leads) -> None:
    leads.merge(1, 0, 10)
    leads.spark.sql(f"ALTER TABLE delta.`{leads.lake.silver('crm_leads')}` ADD COLUMNS (more string)")
    leads.declare("dt")
    with pytest.raises(SchemaChangeError, match="column more is in the table and not in the contract"):
        apply_layout(leads.context, "crm_leads")


@pytest.mark.layout
def test_the_fact_takes_the_layout_of_its_model(context: Context, lake: Lake) -> None:
    write_lake(context.project, lake)
    path = lake.table("marts", "fct_daily_store_metrics")
    before = select(DeltaTable(path), "SELECT * FROM t ORDER BY dt, store_id")
    applied = apply_layout(context, "fct_daily_store_metrics").done
    assert applied is not None
    assert (applied.files_removed, applied.files_added) == (14, 1)  # a file a day became one a month
    assert select(DeltaTable(path), "SELECT * FROM t ORDER BY dt, store_id") == before
    table = maintained_table(context, "marts.fct_daily_store_metrics")
    assert (table.layout.partition_by, table.layout.cluster_by) == (("month",), ("dt", "store_id"))


def test_commands_show_advise_and_refuse(project: Project, lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    write_lake(project, lake)

    def told(*words: str) -> tuple[int, str]:
        code = main([*words, "--lake", lake.root])
        said = capsys.readouterr()
        return code, said.out + said.err

    code, shown = told("layout", "show")
    assert (code, "silver.erp_orders" in shown, "silver.products" in shown) == (0, True, True)
    picture = Path(lake.root) / "orders.svg"
    code, shown = told("layout", "show", "erp_orders", "--picture", str(picture))
    assert (code, "7 days, 10 stores" in shown, "times the least possible" in shown) == (0, True, True)
    assert "silver.erp_orders" in picture.read_text()
    code, shown = told("layout", "show", "erp_orders", "--row-groups")
    assert (code, "row groups read" in shown) == (0, True)
    code, shown = told("layout", "advise", "erp_orders")
    assert (code, "partitionBy [month] with clusterBy [dt, store_id]: with" in shown) == (0, True)
    code, shown = told("layout", "advise", "products")
    assert (code, "it has no days and stores" in shown) == (0, True)
    assert told("layout", "show", "products", "--picture", str(picture))[0] == EXIT_TERMINAL
    assert told("layout", "show", "--row-groups")[0] == EXIT_USAGE
    code, shown = told("layout", "apply", "erp_order")
    assert (code, "Did you mean 'silver.erp_orders'?" in shown) == (EXIT_USAGE, True)
    assert told("maintain", "--max-bytes", "0")[0] == EXIT_USAGE
