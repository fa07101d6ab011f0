"""Looks at delivered files that no contract describes: what DuckDB finds in them, without starting Spark.

Start here: `look` finds out the format, fills one table of text, and counts what its columns hold.
"""

from __future__ import annotations

import codecs
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path as File

import duckdb

from lakehouse.contracts.contract import FileFormat
from lakehouse.contracts.profile import ColumnFacts, Path, Profile
from lakehouse.ingest.look_csv import fill_from_csv
from lakehouse.ingest.look_json import fill_from_json
from lakehouse.ingest.look_sql import FACTS, typed
from lakehouse.ingest.looked import Filled, NotTakenError

_MAGIC = {
    b"\x1f\x8b": "packed with gzip; deliver it unpacked",
    b"BZh": "packed with bzip2; deliver it unpacked",
    b"\x28\xb5\x2f\xfd": "packed with zstd; deliver it unpacked",
    b"PK\x03\x04": "a zip archive or an Excel workbook; deliver CSV",
    b"PAR1": "Parquet; deliver CSV or JSON Lines",
    b"Obj\x01": "Avro; deliver CSV or JSON Lines",
    b"ORC": "ORC; deliver CSV or JSON Lines",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; deliver CSV",
    codecs.BOM_UTF16_LE: "encoded in UTF-16; save it in UTF-8",
    codecs.BOM_UTF16_BE: "encoded in UTF-16; save it in UTF-8",
}
_CHUNK = 1 << 20
_ALLOWED_AHEAD = timedelta(hours=12)
"""Half of what `notAfterDelivery` allows, so that no row is late while the contract is new."""


@dataclass(frozen=True)
class Looked:
    """What was found, and the connection whose table `delivered` has every value as text."""

    profile: Profile
    connection: duckdb.DuckDBPyConnection
    column_of: dict[Path, str]

    def first_rows(self, paths: Sequence[Path], number: int) -> list[dict[Path, str | None]]:
        """The first rows of the first file, some of their columns."""
        names = ", ".join(self.column_of[path] for path in paths)
        found = self.connection.execute(f"SELECT {names} FROM delivered ORDER BY rowid LIMIT {number}").fetchall()
        return [dict(zip(paths, row, strict=True)) for row in found]


def look(files: Sequence[File]) -> Looked:
    """Read all files; raises NotTakenError for one that ingest could not take."""
    formats = {file: _format_of(file) for file in files}
    if len(set(formats.values())) > 1:
        found = ", ".join(f"{file.name} is {found.replace('_', ' ')}" for file, found in formats.items())
        raise NotTakenError(found, "the files of a dataset have one format; run this for each")
    file_format = formats[files[0]]
    # What does not fit into memory; DuckDB makes the folder when it needs it, by default below the working folder.
    spilled = File(tempfile.gettempdir()) / f"lakehouse_new_{os.getpid()}"
    connection = duckdb.connect(config={"temp_directory": str(spilled)})
    fill = fill_from_csv if file_format is FileFormat.CSV else fill_from_json
    try:
        filled = fill(connection, files)
    except duckdb.Error as error:
        raise NotTakenError(
            ", ".join(file.name for file in files), f"DuckDB cannot read it ({type(error).__name__})"
        ) from None
    return _looked(connection, files, file_format, filled)


def _looked(
    connection: duckdb.DuckDBPyConnection, files: Sequence[File], file_format: FileFormat, filled: Filled
) -> Looked:
    column_of = {path: f"c{number}" for number, path in enumerate(filled.kinds)}
    (rows,) = connection.execute("SELECT count(*) FROM delivered").fetchone() or (0,)
    if not rows:
        raise NotTakenError(", ".join(file.name for file in files), "it has no row to look at")
    late = datetime.now(UTC) + _ALLOWED_AHEAD
    columns = tuple(_facts(connection, path, column_of[path], kinds, late) for path, kinds in filled.kinds.items())

    def distinct(wanted: Sequence[tuple[Path, str]]) -> int:
        values = ", ".join(typed(column_of[path], kind) for path, kind in wanted)
        found = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {values or '1'} FROM delivered)").fetchone()
        return int(found[0]) if found else 0

    names, size = tuple(file.name for file in files), sum(file.stat().st_size for file in files)
    profile = Profile(names, file_format, size, rows, columns, filled.notes, distinct)
    return Looked(profile, connection, column_of)


def _facts(
    connection: duckdb.DuckDBPyConnection, path: Path, column: str, kinds: frozenset[str], late: datetime
) -> ColumnFacts:
    counts = ", ".join(f"{sql} AS {name}" for name, sql in FACTS.items())
    found = connection.execute(
        f"SELECT {counts} FROM (SELECT {column} AS c FROM delivered)", {"late": late.timestamp() * 1e6}
    ).fetchone()
    return ColumnFacts(path, kinds, **{name: int(value or 0) for name, value in zip(FACTS, found or (), strict=True)})


def _format_of(file: File) -> FileFormat:
    """CSV or JSON Lines, by what the file begins with; raises NotTakenError for everything else."""
    if not file.is_file():
        raise NotTakenError(str(file), "there is no such file")
    if ":" in file.name:
        raise NotTakenError(file.name, "a colon in its name, which Hadoop cannot open; give it another name")
    head = _utf8_head(file)
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise NotTakenError(file.name, f"it is {what}")
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"["):
        raise NotTakenError(file.name, "it is one JSON array; deliver one object a line")
    if text.startswith(b"<"):
        raise NotTakenError(file.name, "it is XML or HTML; deliver CSV or JSON Lines")
    return FileFormat.JSON_LINES if text.startswith(b"{") else FileFormat.CSV


def _utf8_head(file: File) -> bytes:
    """The first bytes; raises NotTakenError where the file is not UTF-8 and known by no magic number."""
    decoder, head = codecs.getincrementaldecoder("utf-8")(), b""
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            head = head or chunk[:_CHUNK]
            if any(head.startswith(magic) for magic in _MAGIC):
                return head
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError:
                raise NotTakenError(file.name, "it is not UTF-8, perhaps Windows-1252; save it in UTF-8") from None
            if "\0" in text or "\ufffd" in text:
                raise NotTakenError(file.name, "it has characters that are none in UTF-8; save it in UTF-8")
    if not head.strip():
        raise NotTakenError(file.name, "it is empty")
    return head
