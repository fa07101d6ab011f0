"""`lakehouse new` of files in each form: check passes, and the file and the sample are what the contract says."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding
from lakehouse.contracts.project import Project
from lakehouse.ingest.header import Header, read_header
from lakehouse.ingest.packed import Codec
from lakehouse.lake.files import list_files
from tests.corpus.formats import Way, workbook
from tests.helpers.new_datasets import new_dataset
from tests.helpers.small_project import write_project

UTF_8, UTF_16 = Encoding.UTF_8, Encoding.UTF_16
FORMS = {
    "rows_1.csv.gz": Way(FileFormat.CSV, Codec.GZIP, UTF_8),
    "rows_1.csv": Way(FileFormat.CSV, None, UTF_16),
    "rows_1.zip": Way(FileFormat.CSV, Codec.ZIP, UTF_8),
    "rows_1.jsonl.bz2": Way(FileFormat.JSON_LINES, Codec.BZ2, UTF_16),
    "rows_1.json": Way(FileFormat.JSON, None, UTF_8),
    "rows_1.json.zst": Way(FileFormat.JSON, Codec.ZSTD, UTF_8),
    "rows_1.parquet": Way(FileFormat.PARQUET, None, None),
    "rows_1.avro": Way(FileFormat.AVRO, None, None),
    "rows_1.xlsx": Way(FileFormat.XLSX, None, None),
}
WORDS = ("--domain", "shop", "--key", "id", "--kind", "snapshot", "--date", "day", "--yes")


def header(file: Path, of: Dataset) -> Header:
    (found,) = (one for one in list_files(str(file.parent)) if one.path == file.name)
    return read_header(str(file.parent), found, of)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of one domain, shop, in which the command is run."""
    project = write_project(tmp_path / "project")
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(project.root))
    return project


def test_every_format_is_among_them() -> None:
    assert {way.file_format for way in FORMS.values()} == {*FileFormat}
    assert {way.codec for way in FORMS.values()} == {None, *Codec}


@pytest.mark.parametrize("name", FORMS)
def test_what_is_written_takes_the_file(
    shop: Project, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = FORMS[name]
    whole = [{**row, "day": row["day"] or way.rows[0]["day"]} for row in way.rows]
    monkeypatch.setattr(Way, "rows", property(lambda _: whole))
    (tmp_path / name).write_bytes(way.content)
    dataset = new_dataset(shop, tmp_path / name, *WORDS)
    assert (dataset.file_format, dataset.file_options.encoding) == (way.file_format, way.encoding or UTF_8)
    types = {column.name: column.type for column in dataset.columns}
    assert types["number"] == "bigint"
    assert types["amount"].startswith("decimal")
    assert (types["day"], types["at"], types["note"]) == ("date", "timestamp", "string")
    samples = shop.root / "samples"
    for file in (tmp_path / name, *samples.glob("rows*")):
        found = header(file, dataset)
        assert (found.problem, set(found.columns)) == (None, set(dataset.column_names)), file
    assert len([*samples.glob("rows*")]) == 1


def test_times_without_an_offset_are_said_to_be_so(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [[*"ab"], ["1", datetime(2026, 10, 12, 8, 30)], ["2", datetime(2026, 10, 12)]]
    (tmp_path / "rows_1.xlsx").write_bytes(workbook(rows))
    dataset = new_dataset(shop, tmp_path / "rows_1.xlsx", "--domain", "shop", "--yes")
    assert (dataset.sequence, dataset.columns[1].values.time_zone) == ("b", "UTC")
    assert "b: times without an offset, read by the clock of UTC; name theirs" in capsys.readouterr().out


def test_a_list_is_left_out_and_said(shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": str(number), "at": "2026-10-17", "tags": ["a"]} for number in range(2)]
    (tmp_path / "tagged.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")
    dataset = new_dataset(shop, tmp_path / "tagged.json", "--domain", "shop", "--yes")
    assert dataset.column_names == ("id", "at")
    assert "tags: holds lists, which no column takes" in capsys.readouterr().out
