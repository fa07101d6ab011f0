"""`lakehouse new` of text as offices and services write it: other signs, another encoding, rows within a document."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import AS_STANDARD, Encoding, FileOptions
from lakehouse.contracts.project import Project
from lakehouse.contracts.values import AS_WRITTEN, Values
from lakehouse.ingest.header import read_header
from lakehouse.lake.files import list_files
from tests.helpers.new_datasets import new_dataset

WORDS = ("--domain", "shop", "--yes")
ROWS = [
    ["id", "name", "price", "total", "stock", "share", "at"],
    ["1", "Käse", "1,50", "1.234,50", "1.234", "1,250", "2026-10-17"],
    ["2", "Öl; kalt", "", "20", "7", "2,500", "2026-10-18"],
]
POINTS = Values(decimal_separator=",", group_separator=".")


def written(delimiter: str, rows: list[list[str]] = ROWS) -> str:
    held = io.StringIO()
    csv.writer(held, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return held.getvalue()


def require_taken(file: Path, dataset: Dataset) -> None:
    (found,) = (one for one in list_files(str(file.parent)) if one.path == file.name)
    header = read_header(str(file.parent), found, dataset)
    assert (header.problem, header.columns) == (None, dataset.column_names)


@pytest.mark.parametrize(("sign", "encoding"), [(";", "cp1252"), ("\t", "utf-16"), ("|", "utf-8"), (";", "utf-8-sig")])
def test_an_offices_export_is_taken(
    shop: Project, tmp_path: Path, sign: str, encoding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "stock_1.csv"
    file.write_bytes(written(sign).encode(encoding))
    dataset = new_dataset(shop, file, *WORDS)
    known = {"cp1252": Encoding.WINDOWS_1252, "utf-16": Encoding.UTF_16}.get(encoding, Encoding.UTF_8)
    assert dataset.file_options == FileOptions(delimiter=sign, encoding=known)
    columns = {column.name: (column.type, column.values) for column in dataset.columns}
    assert columns == {
        "id": ("bigint", AS_WRITTEN), "name": ("string", AS_WRITTEN), "at": ("date", AS_WRITTEN),
        "price": ("decimal(18,2)", Values(decimal_separator=",")), "total": ("decimal(18,2)", POINTS),
        "stock": ("string", AS_WRITTEN), "share": ("string", AS_WRITTEN),
    }  # fmt: skip
    said = capsys.readouterr().out
    assert "total: numbers with a comma before their decimals" in said
    assert "stock: a point in it is between groups or before decimals, so text;" in said
    assert "share: 2 of 2 values are numbers with a comma; text." in said
    for one in (file, shop.samples / "stock.csv"):
        require_taken(one, dataset)
    sample = (shop.samples / "stock.csv").read_bytes().decode(known.codec)
    assert sample.splitlines()[1].split(sign)[2:4] == ["1,50", "1234,50"]


def test_points_stay_points_where_nothing_has_a_comma(shop: Project, tmp_path: Path) -> None:
    rows = [["id", "price", "at"], ["1", "1.234", "2026-10-17"], ["2", "", "2026-10-18"]]
    (tmp_path / "stock_1.csv").write_text(written(";", rows))
    dataset = new_dataset(shop, tmp_path / "stock_1.csv", *WORDS)
    price = dataset.columns[1]
    assert (price.type.split("(")[0], price.values) == ("decimal", AS_WRITTEN)


@pytest.mark.parametrize(
    ("content", "sign"),
    [
        ("id;price, EUR;at\n1;2,5;2026-10-17\n2;3,5;2026-10-18\n", ";"),
        ("id,note,at\n1,a;b;c,2026-10-17\n2,d;e;f,2026-10-18\n", ","),
        ('id,note,at\n1,"a\nb",2026-10-17\n2,,2026-10-18\n', ","),
        ("id,note,at\n1,2026-10-17\n2,x,2026-10-18\n3,y,2026-10-18\n", ","),
    ],
    ids=["comma in a name", "semicolons in texts", "a line break in a text", "a broken line"],
)
def test_what_sets_columns_apart_is_seen_by_all_lines(shop: Project, tmp_path: Path, content: str, sign: str) -> None:
    (tmp_path / "stock_1.csv").write_text(content)
    dataset = new_dataset(shop, tmp_path / "stock_1.csv", *WORDS)
    assert dataset.file_options.delimiter == sign
    assert len(dataset.columns) == 3


ORDERS = [{"id": 1, "note": None, "at": "2026-10-17"}, {"id": 2, "note": "x", "at": "2026-10-18"}]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("path", [("orders",), ("data", "orders")])
def test_rows_within_a_document_are_found(
    shop: Project, tmp_path: Path, indent: int | None, path: tuple[str, ...]
) -> None:
    document: object = ORDERS
    for name in reversed(path):
        document = {"count": 2, "tags": ["a", "b"], name: document, "more": {"x": [1]}}
    (tmp_path / "orders_1.json").write_text(json.dumps(document, indent=indent))
    dataset = new_dataset(shop, tmp_path / "orders_1.json", *WORDS)
    assert (dataset.file_format, dataset.file_options) == ("json", FileOptions(path=path))
    assert dataset.column_names == ("id", "note", "at")
    for file in (tmp_path / "orders_1.json", shop.samples / "orders.json"):
        require_taken(file, dataset)


@pytest.mark.parametrize("lists", [[], [{"sku": "a"}], [{"sku": "a"}, {"sku": "b"}]], ids=["none", "one", "two"])
def test_lines_of_objects_with_lists_are_no_document(shop: Project, tmp_path: Path, lists: list[object]) -> None:
    lines = [json.dumps({**row, "lines": lists}) for row in ORDERS]
    (tmp_path / "orders_1.json").write_text("\n".join(lines))
    dataset = new_dataset(shop, tmp_path / "orders_1.json", *WORDS)
    assert (dataset.file_format, dataset.file_options) == ("json_lines", AS_STANDARD)
    assert dataset.column_names == ("id", "note", "at", "lines")


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a_1.json", json.dumps({"a": ORDERS, "b": {"c": ORDERS}}), "a_1.json: rows can be under a, b.c in it; give a"),
        ("a_1.json", json.dumps({"a.b": ORDERS}), "a_1.json: its rows are under the name 'a.b', which has a point;"),
        ("a_1.csv", "id,at\n1,é".encode() + b"\n2,\xe9\n", "a_1.csv: it is neither UTF-8 nor Windows-1252; save it in"),
        ("a_1.csv", b"id,at\n1,\x81\n", "a_1.csv: it is neither UTF-8 nor Windows-1252; save it in UTF-8"),
        ("a_1.csv", b"id,at\n1,\xe9\x01\n", "a_1.csv: it is neither UTF-8 nor Windows-1252; save it in UTF-8"),
        ("a_1.csv", "id at\n1 2\n2 3\n", "a_1.csv: it has a single column; a dataset needs a key"),
        ("a_1.csv", "id;id;at\n1;2;3\n", "a_1.csv: its header has 'id' twice;"),
    ],
)
def test_what_cannot_be_told_is_refused(
    shop: Project, tmp_path: Path, name: str, content: str | bytes, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from lakehouse.cli.main import main

    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["new", str(tmp_path / name), *WORDS]) == 3
    assert line in capsys.readouterr().err
    assert not (shop.samples / name).exists()


def test_files_that_are_written_in_two_ways_are_refused(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from lakehouse.cli.main import main

    for number, sign in enumerate(";,", start=1):
        (tmp_path / f"stock_{number}.csv").write_text(written(sign))
    assert main(["new", *(str(tmp_path / f"stock_{n}.csv") for n in (1, 2)), *WORDS]) == 3
    assert (
        "stock_1.csv is csv in UTF-8 with ';' between its columns, stock_2.csv is csv in UTF-8"
        in capsys.readouterr().err
    )
