"""Compressed files: what packed them, by name and content, what is in them, and what of it is sound; without Spark.

A compressed file cannot be split, so it is read through once before anything of it is loaded: a broken one is refused
as a whole, and so is one that unpacks into more than a task can take.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO

from lakehouse.contracts.file_options import PACKED_ENDINGS
from lakehouse.lake.files import HEAD_BYTES

MOST_UNPACKED = 16 << 30
"""Bytes that one file may unpack into: one task reads them."""
MOST_TIMES, ALWAYS_FINE = 250, 256 << 20
"""A file may not grow by more than so many times, unless what comes out has no more bytes than the second."""
LONGEST_LINE = 64 << 20
MOST_MEMBERS = 10_000


class Codec(StrEnum):
    """What a file is packed with."""

    GZIP = "gzip"
    BZ2 = "bz2"
    ZSTD = "zstd"
    ZIP = "zip"


_MAGIC = {b"\x1f\x8b": Codec.GZIP, b"BZh": Codec.BZ2, b"\x28\xb5\x2f\xfd": Codec.ZSTD, b"PK\x03\x04": Codec.ZIP,
          b"PK\x05\x06": Codec.ZIP}  # fmt: skip


class PackedError(ValueError):
    """A compressed file that cannot be read: the reason for which it is refused."""


@dataclass(frozen=True)
class Content:
    """What was found in a compressed file or one of its members. head, tail: its first and last bytes."""

    member: str
    head: bytes
    tail: bytes
    size: int


def codec_in(head: bytes) -> Codec | None:
    """What packed a file, by its first bytes."""
    return next((codec for magic, codec in _MAGIC.items() if head.startswith(magic)), None)


def codec_of(name: str, head: bytes) -> Codec | None:
    """What packed a file, None where nothing did; raises PackedError where its name says another thing."""
    said, found = PACKED_ENDINGS.get(name.rsplit(".", 1)[-1].lower()), codec_in(head)
    if said is not None and head and found != said:
        raise PackedError(f"its name says {said}, but it is {found or 'not packed'}; deliver it under its right name")
    return found


def contents(raw: BinaryIO, codec: Codec, packed_size: int) -> list[Content]:
    """Read a compressed file through, member by member; raises PackedError where it is broken or unpacks too far."""
    if codec is not Codec.ZIP:
        with unpacked(raw, codec) as stream:
            return [_content(stream, "", packed_size, 0)]
    found: list[Content] = []
    size = 0
    with _one_line(codec), zipfile.ZipFile(raw) as archive:
        for member in _members(archive):
            with archive.open(member) as stream:
                found.append(_content(stream, member, packed_size, size))
            size += found[-1].size
    return found


def _members(archive: zipfile.ZipFile) -> list[str]:
    """The files in an archive, in its order, without what an operating system adds."""
    infos = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info)]
    if not infos:
        raise PackedError("it is a zip archive without a file in it")
    if len(infos) > MOST_MEMBERS:
        raise PackedError(f"it is a zip archive of {len(infos):,} files; put at most {MOST_MEMBERS:,} into one")
    if secret := [info.filename for info in infos if info.flag_bits & 1]:
        raise PackedError(f"{secret[0]} in it has a password; deliver it without one")
    names = [info.filename for info in infos]
    if doubled := next((name for name, number in Counter(names).items() if number > 1), None):
        raise PackedError(f"it holds {doubled} twice")
    return names


def _is_hidden(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.split("/")
    return parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts)


@contextlib.contextmanager
def unpacked(raw: BinaryIO, codec: Codec, member: str = "") -> Iterator[Any]:
    """What is in a file, as a stream of bytes; raises PackedError while it is read, where it is broken."""
    raw.seek(0)
    with _one_line(codec), _opened(raw, codec, member) as stream:
        yield stream


def _opened(raw: BinaryIO, codec: Codec, member: str) -> Any:
    if codec is Codec.GZIP:
        return gzip.GzipFile(fileobj=raw)
    if codec is Codec.BZ2:
        return bz2.BZ2File(raw)
    if codec is Codec.ZIP:
        return zipfile.ZipFile(raw).open(member)
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")


@contextlib.contextmanager
def _one_line(codec: Codec) -> Iterator[None]:
    """What a library says of a broken file, as a PackedError."""
    try:
        yield
    except PackedError:
        raise
    except EOFError:
        raise PackedError(f"it is packed with {codec} and ends too early; deliver it whole") from None
    except (zlib.error, zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        said = " ".join(str(error).split())
        cut = "truncated" in said.lower() or "not a zip file" in said.lower()
        why = "ends too early" if cut else f"cannot be unpacked ({said})"
        raise PackedError(f"it is packed with {codec} and {why}; deliver it whole") from None


def _content(stream: Any, member: str, packed_size: int, before: int) -> Content:
    head, tail, size, since_line_end = b"", b"", 0, 0
    while chunk := stream.read(HEAD_BYTES):
        size += len(chunk)
        _refuse_bombs(before + size, packed_size)
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        since_line_end = since_line_end + len(chunk) if last < 0 else len(chunk) - last - 1
        if since_line_end > LONGEST_LINE:
            raise PackedError(f"it unpacks into a line of more than {LONGEST_LINE >> 20} MiB; is it text at all?")
        head = head if len(head) >= HEAD_BYTES else (head + chunk)[:HEAD_BYTES]
        tail = (tail + chunk)[-4:]
    return Content(member, head, tail, size)


def _refuse_bombs(size: int, packed_size: int) -> None:
    if size > MOST_UNPACKED:
        raise PackedError(f"it unpacks into more than {MOST_UNPACKED >> 30} GiB; split it")
    if size > ALWAYS_FINE and size > packed_size * MOST_TIMES:
        raise PackedError(f"it unpacks into more than {MOST_TIMES} times its size; if it is right, deliver it unpacked")
