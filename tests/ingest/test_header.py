"""What is known of a file before its rows are read: its columns, its line end, the lines before its first row."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.ingest.header import Header, count_rows, read_header
from lakehouse.lake.files import list_files

NAMES = "product_id,name,category,list_price,unit_cost,is_active,updated_at"
COLUMNS = tuple(NAMES.split(","))


@pytest.fixture
def products(project: Project) -> Dataset:
    return project.contracts.dataset("products")


def header_of(folder: Path, dataset: Dataset, content: bytes, name: str = "products_1.csv") -> Header:
    (folder / name).write_bytes(content)
    (file,) = list_files(str(folder))
    return read_header(str(folder), file, dataset)


@pytest.mark.parametrize(
    ("text", "columns", "separator", "lines"),
    [
        (f"{NAMES}\nP1\n", COLUMNS, "\n", 1),
        (f"{NAMES}\r\nP1\r\n", COLUMNS, "\n", 1),
        (f"{NAMES}\rP1\r", COLUMNS, "\r", 1),
        (f"\n\n{NAMES}\nP1\n", COLUMNS, "\n", 3),
        (f'{NAMES},"a note\nof two lines"\nP1\n', (*COLUMNS, "a note\nof two lines"), "\n", 2),
        (f'{NAMES},"a note\nof two lines"\rP1\r', (*COLUMNS, "a note\nof two lines"), "\r", 1),
        ("", (), "\n", 0),
    ],
    ids=["LF", "CRLF", "CR", "blank lines first", "two lines", "two lines and CR", "empty"],
)
def test_the_first_row_is_behind_all_lines_of_the_header(
    tmp_path: Path, products: Dataset, text: str, columns: tuple[str, ...], separator: str, lines: int
) -> None:
    found = header_of(tmp_path, products, text.encode())
    assert (found.columns, found.separator, found.lines, found.problem) == (columns, separator, lines, None)


@pytest.mark.parametrize(
    ("text", "is_cut"),
    [(f"{NAMES}\nP1\n", False), (f"{NAMES}\nP1", True), (NAMES, False), (f"{NAMES}\r\nP1\r\n", False), ("", False)],
)
def test_a_file_whose_last_line_alone_has_no_end_is_cut(
    tmp_path: Path, products: Dataset, text: str, is_cut: bool
) -> None:
    assert header_of(tmp_path, products, text.encode()).is_cut is is_cut
    (tmp_path / "products_1.csv").unlink()
    assert header_of(tmp_path, products, gzip.compress(text.encode()), "products_1.csv.gz").is_cut is is_cut


@pytest.mark.parametrize(("file_format", "is_cut"), [(FileFormat.JSON, False), (FileFormat.JSON_LINES, True)])
def test_a_document_ends_with_its_bracket_and_not_with_a_line(
    tmp_path: Path, products: Dataset, file_format: FileFormat, is_cut: bool
) -> None:
    documents, text = replace(products, file_format=file_format), b'[\n{"product_id": "P1"}\n]'
    header = header_of(tmp_path, documents, text)
    assert (header.is_cut, header.is_whole) == (is_cut, file_format is FileFormat.JSON)
    (tmp_path / "products_1.csv").unlink()
    assert header_of(tmp_path, documents, gzip.compress(text), "products_1.csv.gz").is_cut is is_cut


def test_a_required_column_that_is_missing_is_the_problem_also_of_a_packed_file(
    tmp_path: Path, products: Dataset
) -> None:
    lacking = ",".join(COLUMNS[1:])
    plain = header_of(tmp_path, products, f"{lacking}\nx\n".encode())
    assert "product_id" in (plain.problem or "")
    (tmp_path / "products_1.csv").unlink()
    packed = header_of(tmp_path, products, gzip.compress(f"{lacking}\nx\n".encode()), "products_1.csv.gz")
    assert packed.problem == plain.problem


@pytest.mark.parametrize(("rows", "skip"), [(0, 0), (1, 0), (3, 0), (3, 2)])
def test_the_rows_of_a_refused_file_are_counted(tmp_path: Path, products: Dataset, rows: int, skip: int) -> None:
    dataset = replace(products, file_options=replace(products.file_options, skip_lines=skip))
    for end in ("\n", "\r\n", "\r"):
        text = skip * f"a title{end}" + f"a,b{end}" + rows * f"1,2{end}"
        (tmp_path / "products_1.csv").write_bytes(text.encode())
        (file,) = list_files(str(tmp_path))
        assert count_rows(str(tmp_path), file, dataset) == rows, repr(end)
