"""Delivered files opened for libraries that read here and there in a file, on a disk and on S3 alike."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO, cast

from lakehouse.lake.files import split_s3
from lakehouse.lake.paths import is_s3

BLOCK = 8 << 20
"""Bytes that one request to S3 asks for."""


class _Object(io.RawIOBase):
    """An object of S3, each read of which is a request for a range."""

    def __init__(self, path: str, size: int) -> None:
        import boto3

        self._client: Any = boto3.client("s3")
        self._bucket, self._key = split_s3(path)
        self._size, self._at = size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The position of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as far as the object reaches."""
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        part = f"bytes={self._at}-{self._at + wanted - 1}"
        found: bytes = self._client.get_object(Bucket=self._bucket, Key=self._key, Range=part)["Body"].read()
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


def open_file(path: str, size: int) -> BinaryIO:
    """A file in which one can seek; nothing of it is kept but a block."""
    if is_s3(path):
        return cast(BinaryIO, io.BufferedReader(_Object(path, size), BLOCK))
    return Path(path).open("rb")
