"""Compressed files are read through before they are loaded: what is broken, wrong or too much is one clear line."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pytest

from lakehouse.ingest import packed
from lakehouse.ingest.packed import Codec, PackedError, codec_of, contents, unpacked

TEXT = "".join(f"{n},text {n * 7919 % 1000}\n" for n in range(20_000)).encode()


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


PACK: dict[Codec, Callable[[bytes], bytes]] = {
    Codec.GZIP: gzip.compress,
    Codec.BZ2: bz2.compress,
    Codec.ZSTD: lambda text: pa.compress(text, "zstd", asbytes=True),
    Codec.ZIP: lambda text: zipped(a=text),
}


@pytest.mark.parametrize("codec", Codec)
def test_what_is_packed_comes_out(codec: Codec) -> None:
    raw = io.BytesIO(PACK[codec](TEXT))
    (found,) = contents(raw, codec, len(raw.getvalue()))
    assert (found.head, found.tail, found.size) == (TEXT[: packed.HEAD_BYTES], TEXT[-4:], len(TEXT))
    with unpacked(io.BytesIO(PACK[codec](TEXT)), codec, found.member) as stream:
        assert stream.read(len(TEXT) + 1) == TEXT


@pytest.mark.parametrize("codec", Codec)
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_file_that_ends_too_early(codec: Codec, share: float) -> None:
    whole = PACK[codec](TEXT)
    with pytest.raises(PackedError, match=f"it is packed with {codec} and ends too early; deliver it whole"):
        contents(io.BytesIO(whole[: int(len(whole) * share)]), codec, len(whole))


@pytest.mark.parametrize("codec", Codec)
def test_a_file_with_broken_bytes(codec: Codec) -> None:
    whole = bytearray(PACK[codec](TEXT))
    whole[len(whole) // 2] ^= 0xFF
    whole[len(whole) // 2 + 7] ^= 0xFF
    with pytest.raises(PackedError) as caught:
        contents(io.BytesIO(bytes(whole)), codec, len(whole))
    assert str(caught.value).startswith(f"it is packed with {codec} and ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("codec", [Codec.GZIP, Codec.BZ2])
def test_several_streams_in_one_file_are_one(codec: Codec) -> None:
    raw = io.BytesIO(PACK[codec](b"a\n") + PACK[codec](b"b\n"))
    assert contents(raw, codec, len(raw.getvalue()))[0].head == b"a\nb\n"


@pytest.mark.parametrize(
    ("name", "head", "codec"),
    [("a.csv.gz", b"\x1f\x8b", Codec.GZIP), ("a.csv", b"\x1f\x8b", Codec.GZIP), ("a.csv", b"id", None),
     ("a.gz", b"", None), ("a.ZST", b"\x28\xb5\x2f\xfd", Codec.ZSTD), ("a.zip", b"PK\x05\x06", Codec.ZIP)],
)  # fmt: skip
def test_a_codec_by_name_and_content(name: str, head: bytes, codec: Codec | None) -> None:
    assert codec_of(name, head) is codec


@pytest.mark.parametrize(
    ("name", "head", "words"),
    [("a.csv.gz", b"BZh9", "its name says gzip, but it is bz2"), ("a.bz2", b"id,a", "but it is not packed")],
)
def test_a_name_that_says_another_codec(name: str, head: bytes, words: str) -> None:
    with pytest.raises(PackedError, match=words):
        codec_of(name, head)


@pytest.mark.parametrize("codec", Codec)
def test_a_bomb_is_refused_once_it_is_too_large(monkeypatch: pytest.MonkeyPatch, codec: Codec) -> None:
    monkeypatch.setattr(packed, "ALWAYS_FINE", 1 << 20)
    bomb = PACK[codec](b"0\n" * (4 << 20))
    with pytest.raises(PackedError, match="it unpacks into more than 250 times its size"):
        contents(io.BytesIO(bomb), codec, len(bomb))


def test_an_archive_unpacks_into_no_more_than_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_UNPACKED", len(TEXT) * 2 - 1)
    with pytest.raises(PackedError, match="it unpacks into more than"):
        contents(io.BytesIO(zipped(a=TEXT, b=TEXT)), Codec.ZIP, len(TEXT))


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "LONGEST_LINE", 1 << 20)
    with pytest.raises(PackedError, match="a line of more than 1 MiB"):
        contents(io.BytesIO(gzip.compress(b"x" * (3 << 20))), Codec.GZIP, 3 << 20)


def test_an_archive_without_a_file_or_with_a_secret_one() -> None:
    with pytest.raises(PackedError, match="without a file in it"):
        contents(io.BytesIO(zipped()), Codec.ZIP, 22)
    secret = bytearray(zipped(a=b"id\n"))
    at = secret.index(b"PK\x01\x02")
    secret[at + 8] |= 1
    with pytest.raises(PackedError, match="a in it has a password"):
        contents(io.BytesIO(bytes(secret)), Codec.ZIP, len(secret))
