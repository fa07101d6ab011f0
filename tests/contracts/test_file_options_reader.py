"""The options of files are read whole; a mistake has file, line, option and the nearest known word."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dataset_changes import dataset_changes
from lakehouse.contracts.file_options import Encoding, FileOptions
from lakehouse.contracts.file_options_reader import OF_FORMATS
from lakehouse.contracts.json_schema import OPTION_SCHEMAS
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.yaml_places import ContractError
from tests.helpers.small_project import CONTRACT, spoiled

FORMAT = "      - {property: fileFormat, value: csv}\n"


def dataset(folder: Path, options: str, file_format: str = "csv") -> Dataset:
    line = f"      - {{property: fileFormat, value: {file_format}}}\n"
    text = spoiled(FORMAT, f"{line}      - {{property: fileOptions, value: {options}}}\n")
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    (found,) = read_contract(folder / "shop.yaml").datasets
    return found


@pytest.mark.parametrize(
    ("file_format", "options", "wanted"),
    [
        ("csv", '{delimiter: ";", encoding: windows-1252}',
         FileOptions(delimiter=";", encoding=Encoding.WINDOWS_1252)),
        ("csv", "{delimiter: tab, quote: none}", FileOptions(delimiter="\t", quote=None)),
        ("csv", "{delimiter: \"\\t\", quote: \"'\", escape: '\\', comment: '#', skipLines: 3}",
         FileOptions(delimiter="\t", quote="'", escape="\\", comment="#", skip_lines=3)),
        ("csv", "{header: false, columns: [id, seq, at, gone, more]}",
         FileOptions(header=False, columns=("id", "seq", "at", "gone", "more"))),
        ("json_lines", "{encoding: UTF-16}", FileOptions(encoding=Encoding.UTF_16)),
        ("json", "{path: data.visits}", FileOptions(path=("data", "visits"))),
        ("xlsx", "{sheet: Visits 2026, headerRow: 3}", FileOptions(sheet="Visits 2026", header_row=3)),
    ],
)  # fmt: skip
def test_the_options_of_a_format(tmp_path: Path, file_format: str, options: str, wanted: FileOptions) -> None:
    assert dataset(tmp_path, options, file_format).file_options == wanted


@pytest.mark.parametrize(
    ("file_format", "options", "field", "words"),
    [
        ("csv", '{delimeter: ";"}', "delimeter", "unknown option. Did you mean 'delimiter'?"),
        ("csv", "{sheet: A}", "sheet", "has no effect on files in csv, only in xlsx"),
        ("parquet", "{header: true}", "header", "has no effect on files in parquet, only in csv"),
        ("csv", "{delimiter: semicolons}", "delimiter", "Did you mean 'semicolon'?"),
        ("csv", "{delimiter: x}", "delimiter", "must be one character that is no letter"),
        ("csv", "{delimiter: ;, quote: ;}", "delimiter", "';' is the quote too"),
        ("csv", "{encoding: Latin1}", "encoding", "Did you mean 'Latin-1'?"),
        ("csv", "{skipLines: -1}", "skipLines", "must be a number from 0 to 10000"),
        ("csv", "{header: 'no'}", "header", "must be true or false"),
        ("csv", "{columns: [id]}", "columns", "a file with a header names its columns itself"),
        ("csv", "{header: false, columns: [id, seq, at, gon]}", "columns", "lacks the required column gone."),
        ("csv", "{header: false, columns: [id, seq, at, gone, id]}", "columns", "names 'id' twice"),
        ("json", "{path: data..x}", "path", "must be names with points between"),
        ("csv", "[;]", "fileOptions", "must be a mapping"),
    ],
)
def test_a_mistake_has_file_line_option_and_what_to_do(
    tmp_path: Path, file_format: str, options: str, field: str, words: str
) -> None:
    with pytest.raises(ContractError) as caught:
        dataset(tmp_path, options, file_format)
    error = caught.value
    line = CONTRACT.splitlines().index(FORMAT.rstrip("\n")) + 2
    assert (error.file, error.line) == (str(tmp_path / "shop.yaml"), line)
    assert error.field.endswith(field)
    assert words in str(error)
    assert "\n" not in str(error)


def test_an_editor_knows_the_options_that_the_reader_knows() -> None:
    assert OPTION_SCHEMAS.keys() == OF_FORMATS.keys()


def test_another_option_breaks_the_deliveries(tmp_path: Path) -> None:
    before, after = dataset(tmp_path, "{delimiter: ;}"), dataset(tmp_path, "{delimiter: tab, skipLines: 1}")
    found = [(change.field, change.effect) for change in dataset_changes([before], [after])]
    assert found == [("fileOptions.delimiter", "breaking"), ("fileOptions.skipLines", "breaking")]
