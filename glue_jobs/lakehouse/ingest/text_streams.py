"""Files as streams of text that are read from their begin to their end, a part at a time; without Spark."""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.opened import open_file
from lakehouse.ingest.packed import Codec, unpacked

_CHUNK = 1 << 20


@contextlib.contextmanager
def open_stream(path: str, size: int, codec: Codec | None, member: str) -> Iterator[Any]:
    """What is in a file, as a stream of bytes."""
    with contextlib.closing(open_file(path, size)) as raw:
        if codec is None:
            yield raw
        else:
            with unpacked(raw, codec, member) as stream:
                yield stream


def decoded_chunks(stream: Any, encoding: Encoding) -> Iterator[str]:
    """A stream as text, a part at a time; what is broken in it becomes the sign for that."""
    first = stream.read(_CHUNK)
    decoder = codecs.getincrementaldecoder(codec_for(encoding, first))(errors="replace")
    chunk = first
    while chunk:
        yield decoder.decode(chunk)
        chunk = stream.read(_CHUNK)
    yield decoder.decode(b"", final=True)


def codec_for(encoding: Encoding, head: bytes) -> str:
    """The encoding's name in Python; UTF-16 without a byte-order mark has its zeros on one side."""
    if encoding is not Encoding.UTF_16 or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return encoding.codec
    return "utf-16-be" if head[:200:2].count(0) > head[1:200:2].count(0) else "utf-16-le"


def lines_of(chunks: Iterable[str], separator: str | None) -> Iterator[str]:
    """The lines of a text without their ends, cut as Spark cuts them: what follows the last end is one if it is any."""
    rest = ""
    for chunk in chunks:
        text = rest + chunk
        # Half of a line's end may be in the next part.
        held = "\r" if separator is None and text.endswith("\r") else ""
        whole = text.removesuffix(held)
        *lines, rest = re.split(r"\r\n|\n|\r", whole) if separator is None else whole.split(separator)
        rest += held
        yield from lines
    if rest and separator is None:
        yield rest.removesuffix("\r")
    elif rest:
        yield rest
