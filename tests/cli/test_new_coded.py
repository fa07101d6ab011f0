"""`lakehouse new` of numbers that count time, and of words for yes and no: told by all values, or left as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from tests.helpers.new_datasets import new_dataset

WORDS = ("--domain", "shop", "--sequence", "arrival", "--yes")


def of_values(shop: Project, folder: Path, name: str, values: list[str]) -> tuple[str, str | None, list[str]]:
    """Type and format of a column with these values, and what the sample has of it."""
    file = folder / "visitors_1.csv"
    file.write_text(f"id,{name}\n" + "".join(f"{number},{value}\n" for number, value in enumerate(values)))
    column = new_dataset(shop, file, *WORDS).columns[1]
    assert (column.values.time_zone, column.delivered_name) == (None, name)
    sample = (shop.samples / "visitors.csv").read_text().splitlines()[1:]
    return column.type, column.values.format, [line.partition(",")[2] for line in sample]


@pytest.mark.parametrize(
    ("name", "values", "kind", "format_"),
    [
        ("created_at", ["1760700000", "", "1760700001"], "timestamp", "epoch_seconds"),
        ("updatedAt", ["1760700000123", "946684800000"], "timestamp", "epoch_millis"),
        ("ts", ["1760700000123456", "4102444799999999"], "timestamp", "epoch_micros"),
        ("account", ["1760700000", "1760700001"], "bigint", None),
        ("created_at", ["1760700000", "1760700000123"], "bigint", None),
        ("created_at", ["1760700000", "-1760700000"], "bigint", None),
        ("created_at", ["1760700000", "946684799"], "bigint", None),
        ("created_at", ["4102444800", "1760700000"], "bigint", None),
        ("created_at", ["1760700000", "1760700001.0"], "decimal(18,2)", None),
        ("created_at", ["1760700000", "1.7607e9"], "string", None),
        ("created_at", ["1760700000", "x"], "string", None),
        ("created_at", ["0", ""], "bigint", None),
    ],
)
def test_numbers_are_times_where_name_and_size_say_so(
    shop: Project, tmp_path: Path, name: str, values: list[str], kind: str, format_: str | None
) -> None:
    assert of_values(shop, tmp_path, name, values) == (kind, format_, values)


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("answer", ["Y", "N", "", "Y"], ("Y", "N")),
        ("answer", ["no", "yes"], ("yes", "no")),
        ("answer", ["Ja", "Nein", "Ja"], ("Ja", "Nein")),
        ("is_open", ["1", "0"], ("1", "0")),
        ("answer", ["1", "0"], None),
        ("is_open", ["1", "0", "2"], None),
        ("answer", ["N", "N"], None),
        ("answer", ["Y", "N", "S"], None),
        ("answer", ["Y", "no"], None),
    ],
)
def test_words_are_booleans_where_both_stand_in_a_column_and_nothing_else(
    shop: Project, tmp_path: Path, name: str, values: list[str], words: tuple[str, str] | None
) -> None:
    kind, _, sample = of_values(shop, tmp_path, name, values)
    assert ((kind == "boolean"), sample) == (words is not None, values), "the sample is as delivered"
    column = Project(shop.root).contracts.dataset("visitors").columns[1]
    assert (column.values.true_words, column.values.false_words) == (
        ((words[0],), (words[1],)) if words else (("true",), ("false",))
    )


def test_words_for_null_beside_them_are_said(shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "visitors_1.csv"
    file.write_text("id,ok,at\n1,Y,1760700000\n2,N/A,NULL\n3,N,1760700060\n")
    ok, at = new_dataset(shop, file, *WORDS).columns[1:]
    assert (ok.type, ok.values.null_words, at.type, at.values.null_words) == (
        "boolean", ("N/A",), "timestamp", ("NULL",)
    )  # fmt: skip
    said = capsys.readouterr().out
    assert "ok: Y is true, N is false" in said
    assert "at: written as epoch_seconds" in said


def test_numbers_of_json_stay_numbers_in_the_sample(shop: Project, tmp_path: Path) -> None:
    rows = [
        {"id": "a", "at": 1760700000123, "ok": "Y", "seen_at": "1760700000"},
        {"id": "b", "at": None, "ok": "N", "seen_at": None},
    ]
    file = tmp_path / "visitors_1.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    dataset = new_dataset(shop, file, *WORDS)
    found = {column.name: (column.type, column.values.format) for column in dataset.columns[1:]}
    assert found == {"at": ("timestamp", "epoch_millis"), "ok": ("boolean", None), "seen_at": ("bigint", None)}
    sample = (shop.samples / "visitors.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in sample] == rows


def test_made_up_values_are_written_as_the_contract_says(shop: Project, tmp_path: Path) -> None:
    file = tmp_path / "visitors_1.csv"
    file.write_text("id,birth_date,birth_created,age\n1,31.10.1980,1760700000,Y\n2,1.2.1990,1760700001,N\n")
    dataset = new_dataset(shop, file, *WORDS)
    assert dataset.pii_columns == {"birth_date", "birth_created", "age"}
    sample = (shop.samples / "visitors.csv").read_text().splitlines()
    assert sample[1:] == ["1,2.1.2000,946771200,N", "2,3.1.2000,946857600,N"]
