"""Fills the table `delivered` from CSV; where a file is other than RFC 4180, DuckDB's sniffer says what it is."""

from __future__ import annotations

import contextlib
import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path as File

import duckdb

from lakehouse.contracts.profile import Path
from lakehouse.ingest.header import fields_of, line_end
from lakehouse.ingest.look_commas import with_points
from lakehouse.ingest.look_dialect import literal, split
from lakehouse.ingest.look_sql import FACTS
from lakehouse.ingest.looked import Commas, Filled, NotTakenError
from lakehouse.ingest.rfc4180 import QuotingError, first_record, read_line
from lakehouse.lake.files import HEAD_BYTES
from lakehouse.say import format_count

_NAMES = {" ": "blanks"}


def fill_from_csv(
    connection: duckdb.DuckDBPyConnection, files: Sequence[File], delimiter: str = ",", columns: tuple[str, ...] = ()
) -> Filled:
    """Every row of the files as text, an empty field as null; raises NotTakenError. columns: without a header."""
    headers = {file: _without_header(file, delimiter, columns) if columns else _header(connection, file, delimiter)
               for file in files}  # fmt: skip
    names = list(dict.fromkeys(name for header in headers.values() for name in header if name))
    texts = [f"c{number} VARCHAR" for number in range(len(names))]
    connection.execute(f"CREATE TABLE delivered ({', '.join(texts)})")
    notes = [
        note
        for file, header in headers.items()
        for note in _fill(connection, file, header, names, delimiter, has_header=not columns)
    ]
    lacking = [name for name in names if any(name not in header for header in headers.values())]
    notes += [f"{name}: not in every file" for name in lacking]
    if any("" in header for header in headers.values()):
        notes.append("a column without a name: left out, kept as JSON in bronze's _rescued; give it a name")
    kinds: dict[Path, frozenset[str]] = {(name,): frozenset({"string"}) for name in names}
    commas = Commas() if delimiter == "," else with_points(connection, names)
    return Filled(kinds, tuple(notes), commas=commas)


def _header(connection: duckdb.DuckDBPyConnection, file: File, delimiter: str) -> tuple[str, ...]:
    """The names in the first record; raises NotTakenError where they are no names, or not set apart."""
    fields = _first_fields(file, delimiter)
    if len(fields) < 2:
        raise NotTakenError(file.name, _sniffed(file))
    if _has_values(connection, fields):
        raise NotTakenError(
            file.name,
            "its first line holds values, not the names of its columns; add a header, or name them by --columns",
        )
    twice = [name for name, number in Counter(fields).items() if number > 1 and name]
    if twice:
        raise NotTakenError(file.name, f"its header has {twice[0]!r} twice; give each column a name of its own")
    return fields


def _without_header(file: File, delimiter: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns as somebody named them; raises NotTakenError where the file has others, or a header."""
    fields = _first_fields(file, delimiter)
    if len(fields) != len(columns):
        found = f"its first line has {format_count(len(fields), 'field')}, while --columns names {len(columns)}"
        raise NotTakenError(file.name, found)
    if set(fields) & set(columns):
        raise NotTakenError(file.name, "its first line names its columns; leave --columns out")
    return columns


def _first_fields(file: File, delimiter: str) -> tuple[str, ...]:
    """The fields of the first record; raises NotTakenError."""
    with file.open("rb") as opened:
        text = opened.read(HEAD_BYTES).decode("utf-8-sig", errors="ignore")
    try:
        return _names(text) if delimiter == "," else split(text.lstrip("\r\n").split(line_end(text))[0], delimiter)
    except (QuotingError, csv.Error) as error:
        raise NotTakenError(file.name, f"its first line cannot be read by RFC 4180: {error}") from None


def _names(text: str) -> tuple[str, ...]:
    record = first_record(text, line_end(text))
    return tuple(fields_of(record.text)) if record else ()


def _has_values(connection: duckdb.DuckDBPyConnection, fields: Sequence[str]) -> bool:
    """Whether a field of a header has the form of a number, a date or an e-mail address, which no name has."""
    tests = ("numbers", "dates", "instants", "local_times", "other_dates", "emails")
    counted = " + ".join(FACTS[test] for test in tests)
    found = connection.execute(f"SELECT {counted} FROM (SELECT unnest($fields) AS c)", {"fields": list(fields)})
    return bool((found.fetchone() or (0,))[0])


def _sniffed(file: File) -> str:
    """What DuckDB's sniffer takes the file for."""
    found = None
    with contextlib.suppress(duckdb.Error):
        found = duckdb.execute("SELECT Delimiter, Columns FROM sniff_csv($file)", {"file": literal(file)}).fetchone()
    if found is None or len(found[1]) < 2:
        return "it has a single column; a dataset needs a key and a time"
    sign = _NAMES.get(found[0], f"'{found[0]}'")
    return f"its columns are set apart by {sign}; deliver commas, semicolons, tabs or |"


def _quotes(file: File) -> int:
    with file.open("rb") as opened:
        return sum(chunk.count(b'"') for chunk in iter(lambda: opened.read(HEAD_BYTES), b""))


def _unclosed(file: File, delimiter: str) -> int | None:
    """The line in which a quoted field begins that goes on to the end of the file."""
    commas = str.maketrans(delimiter + ",", "," + delimiter)  # by which RFC 4180 tells where a quote may stand
    opened = None
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if '"' in line:
                _, inside = read_line(line.removesuffix("\n").translate(commas).encode(), opened is not None)
                opened = (opened or number) if inside else None
    return opened


def _fill(
    connection: duckdb.DuckDBPyConnection,
    file: File,
    header: tuple[str, ...],
    names: Sequence[str],
    delimiter: str,
    *,
    has_header: bool,
) -> list[str]:
    """Insert the rows of one file; a line for those that cannot be split into the header's columns."""
    fields = {f"f{number}": "VARCHAR" for number in range(len(header))}
    place = {name: f"f{number}" for number, name in enumerate(header)}
    wanted = ", ".join(f"nullif({place[name]}, '')" if name in place else "NULL" for name in names)
    inserted = connection.execute(
        f"""INSERT INTO delivered SELECT {wanted} FROM read_csv($file, columns = {fields}, auto_detect = false,
        header = {str(has_header).lower()}, delim = $delimiter, quote = '"', escape = '"', strict_mode = true,
        ignore_errors = true, store_rejects = true, max_line_size = 16777216, parallel = false)""",
        {"file": literal(file), "delimiter": delimiter},
    ).fetchone()
    found = connection.execute("SELECT count(DISTINCT line), min(line) FROM reject_errors").fetchone()
    connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    may_be_open = bool(found and found[0]) or _quotes(file) % 2 == 1  # where every record is whole, quotes are even
    if may_be_open and (line := _unclosed(file, delimiter)) is not None:  # DuckDB ends there without a word
        raise NotTakenError(file.name, f"the quote that opens in line {line} is never closed; close it")
    if not found or not found[0]:
        return []
    what = f"{format_count(found[0], 'line')} cannot be split into {format_count(len(header), 'column')}"
    what += f", first line {found[1]}"
    if inserted and inserted[0] < found[0]:
        raise NotTakenError(file.name, what)
    return [f"{file.name}: {what}; ingest quarantines them"]
