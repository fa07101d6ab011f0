"""A table that fails verification keeps its published version, and its failure is raised: no Spark, Glue by moto."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from moto import mock_aws

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.project import Project
from lakehouse.lake.milestones import reached
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import is_recorded
from lakehouse.publish import publish
from lakehouse.publish.catalogue import VERSION, CatalogueBusyError, GlueCatalogue, table_input
from lakehouse.publish.parity import ParityError, require_parity
from lakehouse.publish.publish import PublishedTable, publish_domain, publish_table
from lakehouse.runtime.context import Context

ROW = pa.table({"product_id": ["P1"]})


class CloudLake(Lake):
    """A lake on a disk that is published as one on S3."""

    is_local = False  # type: ignore[assignment]


def no_spark() -> None:
    raise AssertionError("publishing a table needs no Spark")


def context_of(project: Project, lake: Lake) -> Context:
    return Context(project, lake, no_spark)  # type: ignore[arg-type]


@pytest.fixture
def products(project: Project) -> Contract:
    return project.contracts.of("products")


@pytest.mark.parametrize("damaged", ["silver", "quarantine"])
def test_a_damaged_table_is_raised_after_the_others_are_published(
    project: Project, products: Contract, lake: Lake, damaged: str
) -> None:
    context, layers = context_of(project, lake), ("silver", "quarantine")
    for layer in layers:
        write_deltalake(lake.table(layer, "products"), ROW)
    (file,) = DeltaTable(lake.table(damaged, "products")).file_uris()
    content = Path(file).read_bytes()
    Path(file).unlink()
    for _ in range(2):
        with pytest.raises(ParityError, match=f"{damaged}.products: a file that its log names cannot be read"):
            publish_domain(context, products)
        assert [is_recorded(lake, layer, "products", 0) for layer in layers] == [layer != damaged for layer in layers]
        assert reached(lake, "publish_products") == 0
    Path(file).write_bytes(content)
    assert publish_domain(context, products) == ["silver.products", "quarantine.products"]
    assert is_recorded(lake, damaged, "products", 0)
    assert publish_domain(context, products) == [], "nothing is new"


@pytest.mark.parametrize("logged", [1, 3])
def test_a_reader_may_count_neither_more_nor_less_than_the_log(lake: Lake, logged: int) -> None:
    path = Path(lake.silver("products"))
    write_deltalake(str(path), pa.table({"product_id": ["P1", "P2"]}))
    log = path / "_delta_log" / f"{0:020}.json"
    log.write_text(log.read_text().replace('numRecords\\":2', f'numRecords\\":{logged}'))
    with pytest.raises(ParityError, match=f"a reader counts 2 rows, but its Delta log says {logged}"):
        require_parity("silver.products", DeltaTable(str(path)))


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("glue")
        client.create_database(DatabaseInput={"Name": "silver"})
        yield client


def published_version(glue: Any) -> str | None:
    """The Delta version that the entry of silver.products stands for; None where there is no entry."""
    entry = GlueCatalogue(glue).entry("silver", "products")
    return None if entry is None else str(entry["Parameters"][VERSION])


def athena_counts(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let Athena answer that the table has so many rows."""
    answer = SimpleNamespace(run=lambda *_: ("1", 0), rows=lambda _: (["count"], [[str(rows)]]))
    monkeypatch.setattr(publish, "Athena", SimpleNamespace(of=lambda *_: answer))


def test_an_entry_that_athena_contradicts_is_taken_back(
    project: Project, tmp_path: Path, glue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = CloudLake.at(str(tmp_path))
    context, path = context_of(project, lake), lake.silver("products")
    for version, before in ((0, None), (1, "0")):
        write_deltalake(path, ROW, mode="append")
        for wrong in (version, version + 2):
            athena_counts(monkeypatch, wrong)
            with pytest.raises(ParityError, match=rf"Athena counts {wrong} rows, but its Delta log says {version + 1}"):
                publish_table(context, "silver", "products")
            assert (published_version(glue), is_recorded(lake, "silver", "products", version)) == (before, False)
        athena_counts(monkeypatch, version + 1)
        shown = [publish_table(context, "silver", "products") for _ in range(2)]
        assert shown == [PublishedTable("silver", "products", version, changed) for changed in (True, False)]
        assert (published_version(glue), is_recorded(lake, "silver", "products", version)) == (str(version), True)


def test_an_entry_that_is_dropped_meanwhile_is_a_temporary_failure(
    project: Project, tmp_path: Path, glue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = CloudLake.at(str(tmp_path))
    write_deltalake(lake.silver("products"), ROW)
    put = GlueCatalogue.put

    def put_and_lose(self: GlueCatalogue, database: str, wanted: Any, path: str) -> bool:
        written = put(self, database, wanted, path)
        glue.delete_table(DatabaseName=database, Name="products")
        return written

    monkeypatch.setattr(GlueCatalogue, "put", put_and_lose)
    with pytest.raises(CatalogueBusyError):
        publish_table(context_of(project, lake), "silver", "products")


def test_a_table_that_was_made_anew_is_published_again(tmp_path: Path, glue: Any) -> None:
    catalogue, path = GlueCatalogue(glue), str(tmp_path / "products")
    for _ in range(3):
        write_deltalake(path, ROW, mode="append")
    assert catalogue.put("silver", table_input("products", path, DeltaTable(path)), path)
    assert published_version(glue) == "2"
    anew = str(tmp_path / "anew")
    write_deltalake(anew, ROW)
    assert catalogue.put("silver", table_input("products", path, DeltaTable(anew)), anew)
    assert published_version(glue) == "0"


def test_what_others_added_to_an_entry_stays(tmp_path: Path, glue: Any) -> None:
    catalogue, path = GlueCatalogue(glue), str(tmp_path / "products")
    write_deltalake(path, ROW)
    wanted = table_input("products", path, DeltaTable(path))
    catalogue.put("silver", wanted, path)
    theirs = {**wanted, "Parameters": {**wanted["Parameters"], "owner_team": "shop", "numRows": "77"}}
    glue.update_table(DatabaseName="silver", TableInput=theirs)
    write_deltalake(path, ROW, mode="append")
    assert catalogue.put("silver", table_input("products", path, DeltaTable(path)), path)
    entry = catalogue.entry("silver", "products")
    assert entry is not None
    kept = {name: entry["Parameters"][name] for name in ("owner_team", "numRows", VERSION)}
    assert kept == {"owner_team": "shop", "numRows": "2", VERSION: "1"}
