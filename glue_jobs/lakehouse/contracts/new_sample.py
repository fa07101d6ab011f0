"""The first rows of a new dataset as a sample: as delivered, but for personal data, which is made up."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.columns import Column
from lakehouse.contracts.new_dataset import Proposal
from lakehouse.contracts.profile import Path, Profile

SAMPLE_ROWS = 20
Row = Mapping[Path, str | None]


def sample_text(proposal: Proposal, rows: Sequence[Row]) -> str:
    """The rows as CSV, or as JSON Lines for other formats. rows: their values as text, by `sample_paths`."""
    masked = _without_personal_data(proposal, rows)
    if proposal.profile.file_format is FileFormat.CSV:
        commas = proposal.profile.decimal_commas
        written = [
            {path: _with_comma(value) if path in commas else value for path, value in row.items()} for row in masked
        ]
        return _csv(sample_paths(proposal), written, proposal.profile)
    kinds = {facts.path: facts.kinds for facts in proposal.profile.columns}
    return "".join(_object(proposal.paths, row, (), kinds) + "\n" for row in masked)


def sample_paths(proposal: Proposal) -> list[Path]:
    """Where the values of the sample are: of the contract's columns, without what was left out."""
    return [path for path, column in proposal.paths.items() if not column.fields]


def _without_personal_data(proposal: Proposal, rows: Sequence[Row]) -> list[Row]:
    """Personal values made up, equal ones by equal ones."""
    made: dict[Path, dict[str, str]] = {}
    found: list[Row] = []
    for row in rows:
        changed = dict(row)
        for path, column in proposal.paths.items():
            value = row.get(path)
            if column.pii and not column.fields and value is not None:
                known = made.setdefault(path, {})
                changed[path] = known.setdefault(value, _made_up(column, len(known) + 1))
        found.append(changed)
    return found


def _made_up(column: Column, number: int) -> str:
    if column.type == "string":
        return f"{column.name} {number}"
    if column.type == "boolean":
        return column.values.false_words[0]
    return _made_up_time(column, number) if column.type in ("date", "timestamp") else str(number)


def _made_up_time(column: Column, number: int) -> str:
    """A day, as the contract says that it is written."""
    values, day = column.values, datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=number)
    if values.epoch_unit:
        return str(int(day.timestamp()) * 1_000_000 // values.epoch_unit)
    if values.format:
        parts = {"yyyy": "2000", "MM": f"{day:%m}", "dd": f"{day:%d}", "HH": "00", "mm": "00", "ss": "00"}
        parts |= {"M": str(day.month), "d": str(day.day)}
        return re.sub("|".join(parts), lambda found: parts[found[0]], values.format)
    iso = f"{day:%Y-%m-%d}"
    return iso if column.type == "date" else f"{iso}T00:00:00{'' if values.time_zone else 'Z'}"


def _with_comma(value: str | None) -> str | None:
    return None if value is None else value.replace(".", ",")


def _csv(paths: Sequence[Path], rows: Sequence[Row], profile: Profile) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=profile.delimiter, lineterminator="\n")
    if profile.has_header:
        writer.writerow([path[0] for path in paths])
    writer.writerows([[row[path] for path in paths] for row in rows])
    return out.getvalue()


def _object(paths: Mapping[Path, Column], row: Row, parent: Path, kinds: Mapping[Path, frozenset[str]]) -> str:
    """One object as text, in which a number has the digits that it was delivered with."""
    members = []
    for path, column in paths.items():
        if path[:-1] == parent:
            value = None if column.fields else row[path]  # a list is there as JSON, with all that is in it
            is_number = column.values.epoch_unit is not None
            text = _object(paths, row, path, kinds) if column.fields else _json(value, kinds[path], is_number)
            members.append(f"{json.dumps(path[-1], ensure_ascii=False)}: {text}")
    return "{" + ", ".join(members) + "}"


def _json(value: str | None, kinds: frozenset[str], is_number: bool) -> str:
    if value is None:
        return "null"
    return value if is_number or "string" not in kinds else json.dumps(value, ensure_ascii=False)
