"""Text of any form as CSV or JSON Lines in UTF-8 in a folder of this machine; typed files stay as they are."""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as File

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.json_document import DocumentError, elements
from lakehouse.ingest.look_dialect import delimiter_of, is_utf8, is_windows_1252, path_in_document
from lakehouse.ingest.look_typed import TypedFile, typed_file
from lakehouse.ingest.looked import NotTakenError
from lakehouse.ingest.opened import open_file
from lakehouse.ingest.packed import Codec, PackedError, codec_in, codec_of, contents
from lakehouse.ingest.sniff import binary_format, found_in
from lakehouse.ingest.text_streams import decoded_chunks, open_stream
from lakehouse.ingest.typed_text import BrokenFileError, Kind
from lakehouse.lake.files import HEAD_BYTES


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
    """A file, its form, and the same as CSV or JSON Lines, or with typed columns."""

    form: Form
    text: File
    typed: TypedFile | None = None

    @property
    def clocks(self) -> frozenset[str]:
        """Its columns of times without an offset, which the types say."""
        return self.typed.named(Kind.CLOCK) if self.typed else frozenset()


def plain_files(file: File, folder: File) -> list[Plain]:
    """A file, or each one in an archive, as text below a folder where it is text; raises NotTakenError."""
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    typed = binary_format(head)
    try:
        if typed is not None:
            return [_typed(typed_file(file, typed))]
        codec = codec_of(file.name, head)
        if codec is None:
            return [_of_text(file, file, head, None, folder)]
        return [_of_text(file, text, text.open("rb").read(HEAD_BYTES), codec, folder)
                for text in _unpacked(file, codec, folder)]  # fmt: skip
    except (PackedError, BrokenFileError, DocumentError) as error:
        raise NotTakenError(file.name, str(error)) from None


def _typed(file: TypedFile) -> Plain:
    return Plain(Form(file.file_format), file.file, file)


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
