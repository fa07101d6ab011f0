"""By which clock a row has its day is said in the contract, and refused where the date has no such clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.columns import DELIVERED, UTC
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dataset_changes import dataset_changes
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.warnings import contract_warnings
from lakehouse.contracts.yaml_places import ContractError
from tests.helpers.small_project import CONTRACT, spoiled

AT = "{name: at, physicalType: timestamp, required: true,"
DATE = "      - {property: dateColumn, value: at}\n"


def contract(zone: str | None, text: str = CONTRACT) -> str:
    said = "" if zone is None else f"      - {{property: dateZone, value: {zone}}}\n"
    return spoiled(DATE, DATE + said, text)


def read(folder: Path, text: str) -> Dataset:
    file = folder / "shop.yaml"
    file.write_text(text, encoding="utf-8")
    (dataset,) = read_contract(file).datasets
    return dataset


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        (None, "UTC date of the row."),
        (UTC, "UTC date of the row."),
        ("America/Sao_Paulo", "Date of the row in America/Sao_Paulo."),
        (DELIVERED, "Date of the row by the clock that its source wrote."),
    ],
)
def test_the_clock_is_read_and_dt_says_it(zone: str | None, said: str, tmp_path: Path) -> None:
    dataset = read(tmp_path, contract(zone))
    assert dataset.date_zone == (zone or UTC)
    assert [column.description for column in dataset.silver_columns if column.name == "dt"] == [said]


def test_only_the_delivered_clock_needs_a_column_of_bronze(tmp_path: Path) -> None:
    of_zone, delivered = (read(tmp_path, contract(zone)) for zone in ("Europe/Berlin", DELIVERED))
    more = {column.name for column in delivered.bronze_columns} - {column.name for column in of_zone.bronze_columns}
    assert more == {"_utc_offset"}
    assert (of_zone.content_names[-1], delivered.content_names[-1]) == ("gone", "dt")


PARQUET = spoiled("value: csv", "value: parquet", spoiled("visits*.csv", "visits*.parquet"))
WRONG = [
    (contract("Europe/Berlim"), "unknown time zone 'Europe/Berlim'. Did you mean 'Europe/Berlin'?"),
    (contract("delivred"), "unknown time zone 'delivred'. Did you mean 'delivered'?"),
    (contract("Europe/Berlin", spoiled(AT, AT.replace("timestamp", "date"))),
     "'at' is a date, which no clock moves to another day; remove it."),
    (contract(DELIVERED, PARQUET),
     "times in parquet are instants, and nothing says by which clock they were written; "
     "name the shops' zone, such as Europe/Berlin."),
    (contract(DELIVERED, spoiled(AT, AT + " logicalTypeOptions: {defaultTimezone: Europe/Rome},")),
     "'at' is read by the clock of Europe/Rome; name the shops' zone, such as Europe/Berlin."),
    (contract(DELIVERED, spoiled(AT, AT + " logicalTypeOptions: {format: epoch_seconds},")),
     "'at' is read by the format epoch_seconds, and offsets are kept of ISO 8601 alone; "
     "name the shops' zone, such as Europe/Berlin."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), WRONG, ids=lambda value: value[-40:])
def test_a_clock_that_the_date_has_not_is_one_line(text: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError) as refused:
        read(tmp_path, text)
    assert str(refused.value).endswith(f"visits.dateZone: {line}")


def test_a_history_has_no_day(tmp_path: Path) -> None:
    history = spoiled("value: upsert", "value: scd2", spoiled("partitionBy, value: [month]", "partitionBy, value: []"))
    history = spoiled("clusterBy, value: [dt]", "clusterBy, value: [id]", history)
    history = spoiled("sequenceBy, value: seq", "sequenceBy, value: at", history)
    with pytest.raises(ContractError, match="with mergeStrategy scd2 silver has no dt"):
        read(tmp_path, contract("Europe/Berlin", history))


def test_another_clock_breaks_what_is_built_and_names_the_command(tmp_path: Path) -> None:
    old, new = (read(tmp_path, contract(zone)) for zone in (None, "Europe/Berlin"))
    (change,) = dataset_changes([old], [new])
    assert (change.field, change.what) == ("dateZone", "UTC → Europe/Berlin")
    assert change.steps == ("lakehouse dataset rebuild shop.visits --why TEXT",)
    (change,) = dataset_changes([old], [read(tmp_path, contract(DELIVERED))])
    assert change.steps == (
        "lakehouse dataset drop shop.visits --why TEXT, with the dataset out of its contract meanwhile",
    )


OPTIONS = AT + " logicalTypeOptions: {format: %s, timezone: true, defaultTimezone: %s},"


@pytest.mark.parametrize(
    ("pattern", "zone", "date_zone", "is_warned"),
    [
        ("dd.MM.yyyy", "Europe/Berlin", None, True),  # midnight there is 22:00 or 23:00 of the day before
        ("dd.MM.yyyy", "Europe/London", None, True),  # in summer alone
        ("dd.MM.yyyy", "Europe/Berlin", "Europe/Berlin", False),
        ("dd.MM.yyyy", "America/Sao_Paulo", None, False),
        ("dd.MM.yyyy", "UTC", None, False),
        ("dd.MM.yyyy HH:mm", "Europe/Berlin", None, False),
    ],
)
def test_days_without_a_time_are_named_where_utc_moves_them(
    pattern: str, zone: str, date_zone: str | None, is_warned: bool, tmp_path: Path
) -> None:
    read(tmp_path, contract(date_zone, spoiled(AT, OPTIONS % (pattern, zone))))
    warnings = [line for line in contract_warnings(tmp_path) if "without a time" in line]
    assert len(warnings) == is_warned
    assert all(
        f"'at' has days without a time, of {zone}" in line and f"dateZone to {zone}" in line for line in warnings
    )
