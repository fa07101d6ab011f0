"""`lakehouse new --columns`: CSV without a header, whose columns somebody names."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from lakehouse.ingest.header import read_header
from lakehouse.lake.files import list_files
from tests.helpers.new_datasets import new_dataset

WORDS = ("--domain", "shop", "--yes")


@pytest.mark.parametrize("sign", [",", ";"])
def test_the_first_line_is_a_row_and_the_contract_says_so(shop: Project, tmp_path: Path, sign: str) -> None:
    file = tmp_path / "visitors_1.csv"
    lines = [sign.join(row) for row in (("7", "ann", "2026-10-17"), ("8", "", "2026-10-18"))]
    file.write_text("\n".join(lines) + "\n")
    dataset = new_dataset(shop, file, "--columns", "Visit No, who ,at", *WORDS)
    assert (dataset.file_options.header, dataset.file_options.delimiter) == (False, sign)
    found = {column.delivered_name: column.type for column in dataset.columns}
    assert found == {"Visit No": "bigint", "who": "string", "at": "date"}
    assert (dataset.key, dataset.date_column) == (("visit_no",), "at"), "told by both rows"
    sample = shop.samples / "visitors.csv"
    assert sample.read_text().splitlines() == lines
    for one in (file, sample):
        (stored,) = (each for each in list_files(str(one.parent)) if each.path == one.name)
        header = read_header(str(one.parent), stored, dataset)
        assert (header.problem, header.columns, header.lines) == (None, dataset.column_names, 0)


@pytest.mark.parametrize(
    ("content", "columns", "code", "line"),
    [
        ("1,2026-10-17\n2,2026-10-18\n", None, 3, "add a header, or name them by --columns"),
        ("1,1,2026-10-17\n", None, 3, "its first line holds values, not the names of its columns"),
        ("1,2026-10-17\n2,2026-10-18\n", "id", 3, "its first line has 2 fields, while --columns names 1"),
        ("id,at\n1,2026-10-17\n", "id,at", 3, "its first line names its columns; leave --columns out"),
        ("1,2026-10-17\n", "id,id", 2, "--columns: 'id' twice; name each column once"),
        ("1,2026-10-17\n", "id,", 2, "--columns: an empty name; name each column once"),
        ('{"id": 1, "at": "2026-10-17"}\n', "id,at", 3, "which names its columns itself; leave --columns out"),
    ],
)
def test_what_does_not_fit_the_file_is_said(
    shop: Project,
    tmp_path: Path,
    content: str,
    columns: str | None,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "visitors_1.csv"
    file.write_text(content)
    assert main(["new", str(file), *(("--columns", columns) if columns else ()), *WORDS]) == code
    assert line in capsys.readouterr().err
    assert not (shop.samples / "visitors.csv").exists()
