"""What a file is by its first bytes, whatever its name and its contract say."""

from __future__ import annotations

import codecs
import re

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.packed import Codec, codec_in

_PARQUET, _AVRO, _OLD_EXCEL = b"PAR1", b"Obj\x01", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_EXCEL = (b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/")
_BINARY = {
    FileFormat.PARQUET: "a Parquet file",
    FileFormat.AVRO: "an Avro file",
    FileFormat.XLSX: "an Excel workbook (xlsx)",
}
_AN_OBJECT = re.compile(rb"^[ \t\x00]*\{", re.MULTILINE)


def binary_format(head: bytes) -> FileFormat | None:
    """The format of a file that is no text."""
    if head.startswith(_PARQUET):
        return FileFormat.PARQUET
    if head.startswith(_AVRO):
        return FileFormat.AVRO
    if head.startswith(b"PK\x03\x04") and head[30:].startswith(_EXCEL):
        return FileFormat.XLSX
    return None


def found_in(head: bytes) -> str:
    """A file's first bytes in words."""
    if not head:
        return "nothing"
    known = binary_format(head)
    if known is not None:
        return _BINARY[known]
    if head.startswith(_OLD_EXCEL):
        return "an Excel workbook of the old kind (xls)"
    codec = codec_in(head)
    if codec is not None:
        return "a zip archive" if codec is Codec.ZIP else f"a file packed with {codec}"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "text in UTF-16"
    begin = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    return {b"[": "a JSON array", b"{": "a JSON object"}.get(begin, "text" if b"\x00" not in head else "no text")


def format_problem(head: bytes, wanted: FileFormat) -> str | None:
    """Why a file cannot be of the format that its contract says; None for one that can, and for an empty one."""
    if not head:
        return None
    found = binary_format(head)
    is_other = found is not wanted if wanted.is_binary else found is not None or head.startswith(_OLD_EXCEL)
    if is_other:
        return f"it is {found_in(head)}, while its contract says fileFormat: {wanted}"
    return None


def text_problem(head: bytes, wanted: FileFormat, encoding: Encoding) -> str | None:
    """Why a file cannot be text as its contract says."""
    marks = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if encoding is Encoding.UTF_16:
        if head and not marks and b"\x00" not in head:
            return "it is not encoded in UTF-16, as its contract says"
    elif marks:
        return "it is encoded in UTF-16; save it in UTF-8, or say encoding: UTF-16 in the contract's fileOptions"
    elif head.startswith(codecs.BOM_UTF8) and encoding is not Encoding.UTF_8:
        return f"its first bytes say that it is encoded in UTF-8, while its contract says {encoding}"
    begin = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if wanted is FileFormat.JSON_LINES and begin == b"[" and not _AN_OBJECT.search(head):
        return "it is a JSON array, while its contract says fileFormat: json_lines, one object a line"
    return None
