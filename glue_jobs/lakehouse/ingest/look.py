"""Looks at delivered files that no contract describes: what DuckDB finds in them, without starting Spark.

Start here: `look` finds out the format, fills one table of text, and counts what its columns hold.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path as File

import duckdb

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.profile import ColumnFacts, Path, Profile
from lakehouse.contracts.values import EPOCHS
from lakehouse.ingest.look_coded import epoch_as_written, flag_as_written, with_epochs, with_flags
from lakehouse.ingest.look_csv import fill_from_csv
from lakehouse.ingest.look_json import fill_from_json
from lakehouse.ingest.look_plain import Form, Plain, plain_files
from lakehouse.ingest.look_sql import FACTS, is_usable, typed
from lakehouse.ingest.look_table import DEEPEST, TooDeepError
from lakehouse.ingest.look_typed import declared_columns, fill_from_typed
from lakehouse.ingest.look_words import Words, as_written, with_iso
from lakehouse.ingest.looked import Filled, NotTakenError

_ALLOWED_AHEAD = timedelta(hours=12)
"""Half of what `notAfterDelivery` allows, so that no row is late while the contract is new."""


@dataclass(frozen=True)
class Looked:
    """What was found, and the connection whose table `delivered` has every value as text; form: of the files."""

    profile: Profile
    connection: duckdb.DuckDBPyConnection
    column_of: dict[Path, str]
    form: Form

    def first_rows(self, paths: Sequence[Path], number: int) -> list[dict[Path, str | None]]:
        """The first rows of the first file, some of their columns."""
        names = ", ".join(self._as_delivered(path) for path in paths)
        found = self.connection.execute(f"SELECT {names} FROM delivered ORDER BY rowid LIMIT {number}").fetchall()
        return [dict(zip(paths, row, strict=True)) for row in found]

    def _as_delivered(self, path: Path) -> str:
        """A column's text in SQL: dates, and times without an offset, as the files have them."""
        column, written = self.column_of[path], self.profile.formats.get(path)
        if path in self.profile.flags:
            return flag_as_written(column, self.profile.flags[path])
        if written is not None:
            return epoch_as_written(column, written) if written in EPOCHS else as_written(column, written)
        is_clock = path in self.profile.clocks and not self.form.file_format.is_binary
        return f"rtrim({column}, 'Z')" if is_clock else column


def look(files: Sequence[File], zone: str | None = None, columns: tuple[str, ...] = ()) -> Looked:
    """Read all files; raises NotTakenError for one that ingest could not take.

    zone: by whose clock times without an offset are, where somebody said it. columns: of CSV without a header.
    """
    for file in files:
        _require_file(file)
    with tempfile.TemporaryDirectory() as folder:
        plain = {file: plain_files(file, File(folder)) for file in files}
        return _looked_at(files, plain, zone, columns)


def _require_file(file: File) -> None:
    if not file.is_file():
        raise NotTakenError(str(file), "there is no such file")
    if ":" in file.name:
        raise NotTakenError(file.name, "a colon in its name, which Hadoop cannot open; give it another name")


def _looked_at(
    files: Sequence[File], plain: Mapping[File, Sequence[Plain]], zone: str | None, columns: tuple[str, ...]
) -> Looked:
    """plain: each file, or all in an archive, as text."""
    formats = {file: replace(each.form, codec=None) for file, found in plain.items() for each in found}
    others = {replace(each.form, codec=None) for found in plain.values() for each in found}
    if len(others) > 1:
        found = ", ".join(f"{file.name} is {form.in_words}" for file, form in formats.items())
        raise NotTakenError(found, "the files of a dataset have one format; run this for each")
    every = [each for found in plain.values() for each in found]
    form = every[0].form
    # What does not fit into memory; DuckDB makes the folder when it needs it, by default below the working folder.
    spilled = File(tempfile.gettempdir()) / f"lakehouse_new_{os.getpid()}"
    connection = duckdb.connect(config={"temp_directory": str(spilled)})
    shown = {each.text: file.name for file, found in plain.items() for each in found}
    names = ", ".join(file.name for file in files)
    try:
        with _named(shown):
            filled = _filled(connection, every, columns)
    except TooDeepError:
        found = f"it has more than {DEEPEST} lists and objects in one another; deliver such a value as text"
        raise NotTakenError(names, found) from None
    except duckdb.Error as error:
        raise NotTakenError(names, f"DuckDB cannot read it ({type(error).__name__})") from None
    notes = tuple(_with_names(note, shown) for note in filled.notes)
    clocks = frozenset((name,) for each in every for name in each.clocks)
    texts = _named_by(filled, "string")
    epochs = with_epochs(connection, _named_by(filled, "string" if form.file_format is FileFormat.CSV else "number"))
    flags = {} if form.file_format.is_binary else with_flags(connection, texts)
    words = Words() if form.file_format.is_binary else with_iso(connection, texts, zone is not None)
    words = replace(words, clocks=clocks | words.clocks, formats={**words.formats, **epochs}, flags=flags)
    filled = replace(filled, kinds=filled.kinds | dict.fromkeys(epochs, frozenset({"string"})))
    looked = _looked(connection, files, form, replace(filled, notes=notes), words)
    declared = declared_columns([each.typed for each in every if each.typed])
    return replace(looked, profile=replace(looked.profile, zone=zone, has_header=not columns, declared=declared))


def _named_by(filled: Filled, kind: str) -> dict[Path, str]:
    """The columns of the table whose values are all of one JSON type."""
    return {path: f"c{number}" for number, (path, kinds) in enumerate(filled.kinds.items()) if kinds == {kind}}


def _filled(connection: duckdb.DuckDBPyConnection, every: Sequence[Plain], columns: tuple[str, ...]) -> Filled:
    texts, form = [each.text for each in every], every[0].form
    if form.file_format is FileFormat.CSV:
        return fill_from_csv(connection, texts, form.delimiter, columns)
    if columns:
        raise NotTakenError(
            texts[0].name, f"it is {form.in_words}, which names its columns itself; leave --columns out"
        )
    typed = [each.typed for each in every if each.typed]
    return fill_from_typed(connection, typed) if typed else fill_from_json(connection, texts)


@contextlib.contextmanager
def _named(shown: Mapping[File, str]) -> Iterator[None]:
    """Errors name the files that were given, not their texts."""
    try:
        yield
    except NotTakenError as error:
        raise NotTakenError(_with_names(error.file, shown), _with_names(error.found, shown)) from None


def _with_names(text: str, shown: Mapping[File, str]) -> str:
    for file, name in shown.items():
        text = text.replace(file.name, name)
    return text


def _looked(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[File],
    form: Form,
    filled: Filled,
    words: Words,
) -> Looked:
    column_of = {path: f"c{number}" for number, path in enumerate(filled.kinds)}
    (rows,) = connection.execute("SELECT count(*) FROM delivered").fetchone() or (0,)
    if not rows:
        why = f" ({'; '.join(filled.notes)})" if filled.notes else ""
        raise NotTakenError(", ".join(file.name for file in files), f"it has no row to look at{why}")
    late = datetime.now(UTC) + _ALLOWED_AHEAD
    sources = {path: (kinds, f"SELECT {column_of[path]} AS c FROM delivered") for path, kinds in filled.kinds.items()}
    for number, (path, kinds) in enumerate(filled.inside.items()):
        sources[path] = kinds, f"SELECT c FROM inside_{number}"
    columns = tuple(_facts(connection, path, source, kinds, late) for path, (kinds, source) in sources.items())

    def distinct(wanted: Sequence[tuple[Path, str]], filled: Sequence[Path]) -> int:
        values = ", ".join(typed(column_of[path], kind) for path, kind in wanted) or "1"
        among = " AND ".join(is_usable(column_of[path]) for path in filled) or "true"
        rows = f"SELECT DISTINCT {values} FROM delivered WHERE {among}"
        found = connection.execute(f"SELECT count(*) FROM ({rows})").fetchone()
        return int(found[0]) if found else 0

    names, size = tuple(file.name for file in files), sum(file.stat().st_size for file in files)
    profile = Profile(
        names, form.file_format, size, rows, columns, filled.notes, distinct, form.encoding, words.clocks,
        form.delimiter, form.path, filled.commas.decimals, filled.commas.groups, filled.commas.unclear, words.nulls,
        words.formats, flags=words.flags,
    )  # fmt: skip
    return Looked(profile, connection, column_of, form)


def _facts(
    connection: duckdb.DuckDBPyConnection, path: Path, source: str, kinds: frozenset[str], late: datetime
) -> ColumnFacts:
    counts = ", ".join(f"{sql} AS {name}" for name, sql in FACTS.items())
    found = connection.execute(f"SELECT {counts} FROM ({source})", {"late": late.timestamp() * 1e6}).fetchone()
    return ColumnFacts(path, kinds, **{name: int(value or 0) for name, value in zip(FACTS, found or (), strict=True)})
