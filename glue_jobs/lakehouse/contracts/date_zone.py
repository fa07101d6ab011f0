"""Whose clock says to which day a row belongs: UTC, that of a named zone, or that of the delivered text."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import DELIVERED, UTC, Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.time_patterns import has_time
from lakehouse.contracts.values_reader import known_zone
from lakehouse.contracts.yaml_places import Place

_NAME_ONE = "name the shops' zone, such as Europe/Berlin."


def read_date_zone(node: Place | None, strategy: MergeStrategy, date: Column | None, file_format: FileFormat) -> str:
    """The word of a contract; raises ContractError where the date column has no such clock."""
    if node is None:
        return UTC
    zone = known_zone(node, (DELIVERED,))
    if strategy is MergeStrategy.SCD2 or date is None:
        why = f"with mergeStrategy {strategy}" if strategy is MergeStrategy.SCD2 else "without dateColumn"
        raise node.error(f"{why} silver has no dt; remove it.")
    if zone == UTC:
        return zone
    if date.type == "date":
        raise node.error(f"'{date.name}' is a date, which no clock moves to another day; remove it.")
    if zone == DELIVERED and (problem := _without_offset(date, file_format)):
        raise node.error(f"{problem}; {_NAME_ONE}")
    return zone


def _without_offset(date: Column, file_format: FileFormat) -> str | None:
    """Why the delivered times have no offset of their own; None for texts in ISO 8601, which all have one."""
    if file_format.is_binary:
        return f"times in {file_format} are instants, and nothing says by which clock they were written"
    if date.values.time_zone:
        return f"'{date.name}' is read by the clock of {date.values.time_zone}"
    if date.values.format:
        return f"'{date.name}' is read by the format {date.values.format}, and offsets are kept of ISO 8601 alone"
    return None


def day_of_evening_before(dataset: Dataset) -> str | None:
    """Why days that are delivered without a time get the date of the day before; None where they do not.

    Midnight east of Greenwich is in UTC still the evening before.
    """
    if dataset.date_column is None or dataset.date_zone != UTC:
        return None
    date = dataset.column(dataset.date_column)
    if not (date.values.format and date.values.time_zone):
        return None
    if has_time(date.values.format) or not _is_east(date.values.time_zone):
        return None
    return (
        f"'{date.name}' has days without a time, of {date.values.time_zone}: by UTC each begins on the day before, "
        f"which is what dt becomes; make it a date, or set dateZone to {date.values.time_zone}."
    )


def _is_east(zone: str) -> bool:
    winter, summer = (datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7))
    return max(winter or timedelta(), summer or timedelta()) > timedelta()
