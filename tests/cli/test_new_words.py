"""`lakehouse new` of what other systems write: words for null, dates of offices, times by a clock, no time at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from tests.helpers.new_datasets import new_dataset

WORDS = ("--domain", "shop", "--yes")


@pytest.mark.parametrize(
    ("values", "words", "kind", "format_"),
    [
        (["31.10.2026", "01.02.2026"], (), "date", "dd.MM.yyyy"),
        (["1.2.2026", "3.4.2026"], (), "date", "d.M.yyyy"),
        (["10/17/2026", "2/3/2026"], (), "date", "M/d/yyyy"),
        (["17-10-2026", "02-03-2026"], (), "date", "dd-MM-yyyy"),
        (["2026/10/17", "2026/02/03"], (), "date", "yyyy/MM/dd"),
        (["10/11/2026", "02/03/2026"], (), "string", None),
        (["17/10/2026", "10/17/2026"], (), "string", None),
        (["17.10.2026", "17/10/2026"], (), "string", None),
        (["31.02.2026", "17.10.2026"], (), "string", None),
        (["17.10.2026 08:30", "18.10.2026 23:59"], (), "string", None),
        (["17.10.2026 08:30", "18.10.2026 23:59"], ("--zone", "Europe/Berlin"), "timestamp", "dd.MM.yyyy HH:mm"),
        (["2026-10-17 08:30", "2026-10-18T23:59:01"], ("--zone", "Europe/Berlin"), "timestamp", None),
    ],
)
def test_a_format_is_taken_where_the_values_leave_no_other(
    shop: Project, tmp_path: Path, values: list[str], words: tuple[str, ...], kind: str, format_: str | None
) -> None:
    file = tmp_path / "visitors_1.csv"
    file.write_text("id,seen\n" + "".join(f"{number},{value}\n" for number, value in enumerate(values, start=1)))
    dataset = new_dataset(shop, file, "--sequence", "arrival", *words, *WORDS)
    seen = dataset.column("seen")
    zone = "Europe/Berlin" if kind == "timestamp" else None
    assert (seen.type, seen.values.format, seen.values.time_zone) == (kind, format_, zone)
    assert dataset.date_column == (None if kind == "string" else "seen")
    sample = (shop.samples / "visitors.csv").read_text().splitlines()[1:]
    if format_ in (None, "M/d/yyyy", "d.M.yyyy"):
        return
    assert sample == file.read_text().splitlines()[1:], "the sample is as delivered"


def test_words_for_null_are_said_of_columns_of_another_form(shop: Project, tmp_path: Path) -> None:
    file = tmp_path / "visitors_1.csv"
    file.write_text("id,n,at,text,code\n1,NA,2026-10-17,NA,007\n2,-5,NULL,x,NA\n3,n/a,2026-10-18,NA,001\n")
    dataset = new_dataset(shop, file, *WORDS)
    assert {column.name: (column.type, column.values.null_words) for column in dataset.columns} == {
        "id": ("bigint", ()), "n": ("bigint", ("NA", "n/a")), "at": ("date", ("NULL",)), "text": ("string", ()),
        "code": ("string", ()),
    }  # fmt: skip
    assert (dataset.sequence, dataset.date_column) == ("arrival", None), "a date that is empty orders no rows"


def test_a_table_without_a_time_has_no_dt(shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "carriers_1.csv").write_text("carrier_id,Größe\n9E,1\nAA,2\n", encoding="utf-8")
    dataset = new_dataset(shop, tmp_path / "carriers_1.csv", *WORDS)
    assert (dataset.sequence, dataset.date_column, dataset.cluster_by) == ("arrival", None, ("carrier_id",))
    assert dataset.silver_column_names == ("carrier_id", "grosse", "_batch_id")
    assert "dateColumn: none (no column has a date in every row" in capsys.readouterr().out


def test_names_that_yaml_takes_for_values_are_written_as_names(shop: Project, tmp_path: Path) -> None:
    (tmp_path / "visitors_1.csv").write_text("no,on\n1,2026-10-17\n2,2026-10-18\n")
    dataset = new_dataset(shop, tmp_path / "visitors_1.csv", *WORDS)
    assert (dataset.key, dataset.date_column, dataset.sequence) == (("no",), "on", "on")


def test_a_zone_that_is_none_is_refused(shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "visitors_1.csv").write_text("id,at\n1,2026-10-17 10:00\n2,2026-10-18 10:00\n")
    assert main(["new", str(tmp_path / "visitors_1.csv"), "--zone", "Europe/Berln", *WORDS]) == 2
    assert "--zone: unknown time zone 'Europe/Berln'. Did you mean 'Europe/Berlin'?" in capsys.readouterr().err
    assert main(["new", str(tmp_path / "visitors_1.csv"), *WORDS]) == 3
    assert "at has 2 times without an offset; say whose by --zone" in capsys.readouterr().err
