"""How the files of a dataset are written, beyond their format; the defaults are RFC 4180 in UTF-8 with a header."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Encoding(StrEnum):
    """How a text file's characters are bytes."""

    UTF_8 = "UTF-8"
    UTF_16 = "UTF-16"
    LATIN_1 = "Latin-1"
    WINDOWS_1252 = "Windows-1252"

    @property
    def codec(self) -> str:
        """Its name in Python."""
        return {"UTF-8": "utf-8-sig", "UTF-16": "utf-16", "Latin-1": "latin-1", "Windows-1252": "cp1252"}[self]

    @property
    def rule(self) -> str:
        """Name of the rule that a row is text in this encoding."""
        return f"row_is_{self.value.lower().replace('-8', '8').replace('-', '_')}"


@dataclass(frozen=True)
class FileOptions:
    """Options of delivered files; each is known to some formats only.

    delimiter, quote, escape, comment: one character; a quote of None is none. columns: what a file without a header
    has, in its order; empty for the contract's columns. skip_lines: lines before the header or first row.
    path: the members of a JSON document that lead to its array. sheet: a worksheet's name; None for the only one.
    header_row: the row of the sheet that names its columns, from 1.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    encoding: Encoding = Encoding.UTF_8
    header: bool = True
    columns: tuple[str, ...] = ()
    skip_lines: int = 0
    comment: str | None = None
    path: tuple[str, ...] = ()
    sheet: str | None = None
    header_row: int = 1

    @property
    def is_rfc4180(self) -> bool:
        """Whether fields are separated and quoted as in RFC 4180, and every line is data."""
        return (self.delimiter, self.quote, self.escape, self.comment) == (",", '"', None, None)


AS_STANDARD = FileOptions()
"""Without a word of the contract."""

PACKED_ENDINGS = {"gz": "gzip", "gzip": "gzip", "bz2": "bz2", "zst": "zstd", "zstd": "zstd", "zip": "zip"}
"""What the end of a file's name says that it is packed with."""
