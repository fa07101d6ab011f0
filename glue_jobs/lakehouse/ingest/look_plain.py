"""Files of any form as CSV or JSON Lines in UTF-8, in a folder of this machine: one way looks at all of them."""

from __future__ import annotations

import codecs
import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import AS_STANDARD, Encoding
from lakehouse.ingest.json_document import DocumentError, elements
from lakehouse.ingest.look_dialect import delimiter_of, is_utf8, is_windows_1252, path_in_document
from lakehouse.ingest.looked import NotTakenError
from lakehouse.ingest.opened import open_file
from lakehouse.ingest.packed import Codec, PackedError, codec_in, codec_of, contents
from lakehouse.ingest.sniff import binary_format, found_in
from lakehouse.ingest.text_streams import decoded_chunks, open_stream
from lakehouse.ingest.typed_header import column_kinds
from lakehouse.ingest.typed_text import BrokenFileError, Kind
from lakehouse.lake.files import HEAD_BYTES

if TYPE_CHECKING:
    from lakehouse.ingest.whole_files import WholeFile

_MIDNIGHT = "T00:00:00"
_RAW = (Kind.INTEGER, Kind.NUMBER, Kind.FLAG, Kind.OBJECT, Kind.LIST, Kind.MAP)
_OF_ANY_CONTRACT = Dataset("any", "any", "", MergeStrategy.UPSERT, "*", FileFormat.CSV, (), (), (), None, None, (), (),
                           0)  # fmt: skip


@dataclass(frozen=True)
class Form:
    """How a file is written: what a contract says of it, and what it is packed with, which is seen in each file."""

    file_format: FileFormat
    encoding: Encoding = Encoding.UTF_8
    codec: Codec | None = None
    delimiter: str = ","
    path: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """It as people name it."""
        kind = f"{self.file_format.replace('_', ' ')} in {self.encoding}"
        kind += f" with {self.delimiter!r} between its columns" if self.delimiter != "," else ""
        return f"{kind} under {'.'.join(self.path)}" if self.path else kind


@dataclass(frozen=True)
class Plain:
    """A file, its form, and the same as CSV or JSON Lines.

    clocks: its columns of times without an offset. maps: those whose values are maps.
    """

    form: Form
    text: File
    clocks: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    maps: frozenset[str] = frozenset()


def plain_files(file: File, folder: File) -> list[Plain]:
    """A file, or each one in an archive, as text below a folder; raises NotTakenError."""
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    typed = binary_format(head)
    try:
        if typed is not None:
            return [_typed(file, typed, folder)]
        codec = codec_of(file.name, head)
        if codec is None:
            return [_of_text(file, file, head, None, folder)]
        return [_of_text(file, text, text.open("rb").read(HEAD_BYTES), codec, folder)
                for text in _unpacked(file, codec, folder)]  # fmt: skip
    except (PackedError, BrokenFileError, DocumentError) as error:
        raise NotTakenError(file.name, str(error)) from None


def _fresh(folder: File) -> File:
    return folder / f"text-{len(list(folder.iterdir())):06}"


def _unpacked(file: File, codec: Codec, folder: File) -> Iterator[File]:
    size = file.stat().st_size
    with contextlib.closing(open_file(str(file), size)) as raw:
        found = contents(raw, codec, size)
    for content in found:
        if codec_in(content.head) is not None or binary_format(content.head) is not None:
            raise PackedError(
                f"it is {found_in(content.head)} within one packed with {codec}; pack plain text, and once"
            )
        text = _fresh(folder)
        with open_stream(str(file), size, codec, content.member) as stream, text.open("wb") as written:
            while chunk := stream.read(HEAD_BYTES):
                written.write(chunk)
        yield text


def _of_text(file: File, text: File, head: bytes, codec: Codec | None, folder: File) -> Plain:
    """Text in an encoding that can be told; a JSON document becomes JSON Lines."""
    encoding = Encoding.UTF_16 if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else Encoding.UTF_8
    if encoding is Encoding.UTF_8 and not is_utf8(text) and is_windows_1252(text):
        encoding = Encoding.WINDOWS_1252
    if encoding is not Encoding.UTF_8:
        decoded = _fresh(folder)
        with text.open("rb") as opened, decoded.open("w", encoding="utf-8", newline="") as written:
            written.writelines(decoded_chunks(opened, encoding))
        text, head = decoded, decoded.open("rb").read(HEAD_BYTES)
    _require_utf8(file.name, text)
    begin = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if begin == b"<":
        raise NotTakenError(file.name, "it is XML or HTML")
    if begin == b"[":
        return Plain(Form(FileFormat.JSON, encoding, codec), _lines_of_document(text, (), folder))
    path = path_in_document(file.name, text) if begin == b"{" else None
    if path is not None:
        return Plain(Form(FileFormat.JSON, encoding, codec, path=path), _lines_of_document(text, path, folder))
    if begin == b"{":
        return Plain(Form(FileFormat.JSON_LINES, encoding, codec), text)
    return Plain(Form(FileFormat.CSV, encoding, codec, delimiter_of(text)), text)


def _require_utf8(name: str, text: File) -> None:
    """Raise NotTakenError for a text that is empty or not UTF-8."""
    decoder, is_empty = codecs.getincrementaldecoder("utf-8")(), True
    with text.open("rb") as opened:
        while chunk := opened.read(HEAD_BYTES):
            try:
                decoded = decoder.decode(chunk)
            except UnicodeDecodeError:
                raise NotTakenError(name, "it is neither UTF-8 nor Windows-1252; save it in UTF-8") from None
            if "\0" in decoded or "\ufffd" in decoded:
                raise NotTakenError(name, "it has characters that are none in UTF-8; save it in UTF-8")
            is_empty = is_empty and not chunk.strip()
    if is_empty:
        raise NotTakenError(name, "it is empty")


def _lines_of_document(text: File, path: tuple[str, ...], folder: File) -> File:
    lines = _fresh(folder)
    with text.open("rb") as opened, lines.open("w", encoding="utf-8", newline="") as written:
        for element in elements(decoded_chunks(opened, Encoding.UTF_8), path):
            written.write(element.replace("\r", " ").replace("\n", " ") + "\n")  # a text in JSON has no line ends
    return lines


def _typed(file: File, file_format: FileFormat, folder: File) -> Plain:
    """A file of typed columns as JSON Lines: numbers with their digits, times without an offset by the clock of UTC."""
    size = file.stat().st_size
    kinds, parts = column_kinds(str(file), size, file_format, AS_STANDARD)
    of = replace(_OF_ANY_CONTRACT, file_format=file_format, file_options=AS_STANDARD)
    from lakehouse.ingest.typed_rows import reader_of
    from lakehouse.ingest.whole_files import WholeFile

    whole, read = WholeFile(str(file), size, file.name, 1), reader_of(file_format)
    if file_format is FileFormat.XLSX:
        kinds = _kinds_of_sheet(whole, of, kinds)
    lines, unread = _fresh(folder), 0
    with lines.open("w", encoding="utf-8", newline="") as written:
        for rows in (rows for place in range(parts) for rows in read(whole, place, of)):
            for number, problem in enumerate(rows.unreadable):
                unread += problem is not None
                if problem is None:
                    members = {name: _member(texts[number], kinds[name]) for name, texts in rows.columns.items()}
                    written.write(f"{{{', '.join(f'{json.dumps(name)}: {text}' for name, text in members.items())}}}\n")
    clocks = frozenset(name for name, kind in kinds.items() if kind is Kind.CLOCK)
    note = f"{file.name}: {unread} rows cannot be read; ingest quarantines them"
    maps = frozenset(name for name, kind in kinds.items() if kind is Kind.MAP)
    return Plain(Form(file_format), lines, clocks, (note,) if unread else (), maps)


def _kinds_of_sheet(file: WholeFile, of: Dataset, names: Iterable[str]) -> dict[str, Kind | None]:
    """Days and times are told by all cells of a column, of which Excel says no more than each value does."""
    times: dict[str, set[Kind]] = {name: set() for name in names}
    from lakehouse.ingest.xlsx_rows import xlsx_rows

    for rows in xlsx_rows(file, 0, of):
        for name, texts in rows.columns.items():
            times[name] |= {_time_of(text) for text in texts if text}
    kinds = {frozenset({Kind.DAY}): Kind.DAY, frozenset({Kind.CLOCK}): Kind.CLOCK,
             frozenset({Kind.DAY, Kind.CLOCK}): Kind.CLOCK}  # fmt: skip
    return {name: kinds.get(frozenset(found), Kind.TEXT) for name, found in times.items()}


def _time_of(text: str) -> Kind:
    is_time = len(text) > 18 and text[4] == text[7] == "-" and text[10] == "T" and text[:4].isdecimal()
    return Kind.TEXT if not is_time else Kind.DAY if text.endswith(_MIDNIGHT) else Kind.CLOCK


def _member(text: str | None, kind: Kind | None) -> str:
    """A value as JSON."""
    if text is None or (kind is Kind.NUMBER and not text.lstrip("-")[:1].isdecimal()):
        return "null"
    if kind in _RAW:
        return text
    shown: Any = f"{text}Z" if kind is Kind.CLOCK else text.removesuffix(_MIDNIGHT) if kind is Kind.DAY else text
    return json.dumps(shown, ensure_ascii=False)
