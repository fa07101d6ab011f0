"""`lakehouse new` of files in each form: check passes, and the file and the sample are what the contract says."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding
from lakehouse.contracts.project import Project
from lakehouse.ingest.header import Header, read_header
from lakehouse.ingest.packed import Codec
from lakehouse.lake.files import list_files
from tests.corpus.formats import Way, workbook
from tests.helpers.new_datasets import new_dataset, write_csv

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
    assert dataset.name == "rows", "not by what packs the file"
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
    dataset = new_dataset(shop, tmp_path / "rows_1.xlsx", "--key", "a", "--domain", "shop", "--yes")
    assert (dataset.sequence, dataset.columns[1].values.time_zone) == ("b", "UTC")
    assert "b: times without an offset, read by the clock of UTC; name theirs" in capsys.readouterr().out


LINE = {"sku": "a", "price": "1.50"}
LISTS = [
    {"id": "1", "at": "2026-10-17", "tags": ["a", None], "lines": [LINE, {"n": 1}], "none": [], "deep": [[1], []]},
    {"id": "2", "at": "2026-10-17", "tags": None, "lines": [], "none": [], "deep": None},
]
LEFT_OUT = "left out, kept as JSON in bronze's _rescued"


def types(dataset: Dataset) -> dict[str, str]:
    return {column.name: column.spark_type for column in dataset.columns if column.name not in ("id", "at")}


def test_lists_become_arrays(shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tagged.json").write_text(json.dumps(LISTS, indent=2), encoding="utf-8")
    dataset = new_dataset(shop, tmp_path / "tagged.json", "--domain", "shop", "--yes")
    assert types(dataset) == {
        "tags": "array<string>", "lines": "array<struct<sku: string, price: decimal(18,2), n: bigint>>",
        "none": "array<string>", "deep": "array<array<bigint>>",
    }  # fmt: skip
    assert (
        "none: is empty in every row; its elements are text until one comes that says more" in capsys.readouterr().out
    )
    sample = json.loads((shop.samples / "tagged.json").read_text(encoding="utf-8"))
    assert sample == LISTS


def test_maps_of_parquet_become_maps(shop: Project, tmp_path: Path) -> None:
    columns = {
        "id": pa.array(["1", "2"]), "at": pa.array(["2026-10-17", "2026-10-18"]),
        "traits": pa.array([[("x", Decimal("1.50"))], None], pa.map_(pa.string(), pa.decimal128(9, 2))),
        "lines": pa.array([[{"sku": "a", "n": 2}], []], pa.list_(pa.struct([("sku", pa.string()), ("n", pa.int64())]))),
    }  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "traits.parquet")
    dataset = new_dataset(shop, tmp_path / "traits.parquet", "--domain", "shop", "--yes")
    assert types(dataset) == {
        "traits": "array<struct<key: string, value: decimal(18,2)>>", "lines": "array<struct<sku: string, n: bigint>>",
    }  # fmt: skip
    for file in (tmp_path / "traits.parquet", shop.samples / "traits.parquet"):
        assert header(file, dataset).problem is None


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ([1, "x", True], "v: is boolean and number and string, and a column has one type; deliver one"),
        ([[1], "x"], f"v: is array and string, and a column has one type; {LEFT_OUT}"),
        ([{"email": "ann@shop.example"}], "v: personal data in a list or a map can neither be masked nor erased by"),
        (
            ["ann@shop.example"],
            "v: personal data in a list or a map can neither be masked nor erased by itself; left out",
        ),
        ([{"": 1}], f"v: holds an object without a field that a column can be; {LEFT_OUT}"),
    ],
)
def test_a_list_that_no_column_takes_is_left_out_and_said(
    shop: Project, tmp_path: Path, value: object, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": str(number), "at": "2026-10-17", "v": value} for number in range(2)]
    (tmp_path / "tagged.json").write_text(json.dumps(rows), encoding="utf-8")
    dataset = new_dataset(shop, tmp_path / "tagged.json", "--domain", "shop", "--yes")
    assert dataset.column_names == ("id", "at")
    assert line in capsys.readouterr().out


WITHOUT_VALUES = {
    "int": pa.int64(), "float": pa.float64(), "decimal": pa.decimal128(9, 2), "flag": pa.bool_(), "text": pa.string(),
    "day": pa.date32(), "clock": pa.timestamp("us"), "instant": pa.timestamp("us", "UTC"), "bytes": pa.binary(),
    "list": pa.list_(pa.int64()), "object": pa.struct([("a", pa.int64())]), "noon": pa.time64("us"),
}  # fmt: skip


def test_a_typed_column_without_values_is_what_its_type_says(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As text its file would be refused by the contract that was made of it."""
    columns = {name: pa.nulls(2, kind) for name, kind in WITHOUT_VALUES.items()}
    columns |= {"id": pa.array(["1", "2"]), "nan": pa.array([float("nan")] * 2), "digits": pa.array([b"1", b"2"])}
    columns["year_1"] = pa.array([date(1, 1, 1), date(2026, 10, 17)])
    pq.write_table(pa.table(columns), tmp_path / "rows_1.parquet")
    dataset = new_dataset(shop, tmp_path / "rows_1.parquet", "--domain", "shop", "--yes")
    assert types(dataset) == {
        "int": "bigint", "float": "decimal(38,10)", "decimal": "decimal(38,10)", "nan": "decimal(38,10)",
        "flag": "boolean", "text": "string", "day": "date", "clock": "timestamp", "instant": "timestamp",
        "bytes": "string", "digits": "string", "year_1": "date",
    }  # fmt: skip
    for file in (tmp_path / "rows_1.parquet", *shop.samples.glob("rows*")):
        assert header(file, dataset).problem is None
    said = capsys.readouterr().out.splitlines()
    assert "day: date by its type in the files, for its values say no more" in said
    assert f"noon: is of a type that no column has, or has no value in any row; {LEFT_OUT}" in said


@pytest.mark.parametrize("name", ["rows_1.csv", "rows_1.json", "rows_1.parquet"])
def test_a_column_without_a_name_is_left_out_and_said(
    shop: Project, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, rows = tmp_path / name, [{"id": "1", "": "a", "at": "2026-10-17"}, {"id": "2", "": "b", "at": "2026-10-18"}]
    write = {".csv": lambda: write_csv(file, [[*rows[0]], *map(list, map(dict.values, rows))]),
             ".json": lambda: file.write_text(json.dumps(rows), encoding="utf-8"),
             ".parquet": lambda: pq.write_table(pa.Table.from_pylist(rows), file)}  # fmt: skip
    write[file.suffix]()
    dataset = new_dataset(shop, file, "--domain", "shop", "--yes")
    assert dataset.column_names == ("id", "at")
    assert f"a column without a name: {LEFT_OUT}; give it a name" in capsys.readouterr().out.splitlines()


def test_a_project_without_a_contract_gets_its_first(tmp_path: Path) -> None:
    """No contract to add to and no suite: what `check` finds wrong with that is what the command is to write."""
    for folder in ("contracts", "dbt/models", "dbt/athena_views"):
        (tmp_path / "empty" / folder).mkdir(parents=True)
    rows = [
        ["visit", "at", "changed_at"],
        ["v1", "2026-10-18", "2026-10-18T12:00Z"],
        ["v2", "2026-10-19", "2026-10-19T12:00Z"],
    ]
    file = write_csv(tmp_path / "visitors_2026-10-19.csv", rows)
    dataset = new_dataset(Project(tmp_path / "empty"), file, "--key", "visit", "--domain", "shop", "--yes")
    assert (dataset.name, dataset.domain, dataset.key) == ("visitors", "shop", ("visit",))
