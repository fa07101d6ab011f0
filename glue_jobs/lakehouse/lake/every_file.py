"""Every file below a root, hidden ones too, on a disk and on S3; there also every earlier version of an object.

Listings come a page at a time, and a file of S3 is held in memory only while it is small.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from lakehouse.errors import LakehouseError
from lakehouse.lake.files import split_s3, taking_its_place
from lakehouse.lake.paths import is_s3

MOST_AT_ONCE = 1000
"""So many objects S3 lists and deletes by one request."""
_IN_MEMORY = 8 << 20
_NO_VERSION = "null"
"""The version of an object in a bucket that keeps no versions."""
_GONE = ("NoSuchKey", "NoSuchVersion", "404")


class ArchivedObjectError(LakehouseError):
    """An object lies in an archive of S3, out of which nothing can be read."""

    def __init__(self, address: str, version: str) -> None:
        self.address, self.version = address, version
        super().__init__(
            f"{address}, version {version}, lies in an archive of S3 and cannot be searched; restore it "
            f"(`aws s3api restore-object`) or delete it, then run it again."
        )


class NotReadableOnS3Error(LakehouseError):
    """S3 refuses to show an object."""

    def __init__(self, address: str, version: str, code: str) -> None:
        self.address, self.version, self.code = address, version, code
        super().__init__(
            f"{address}, version {version}: S3 answers {code}, so it cannot be searched; allow s3:GetObject, "
            f"s3:GetObjectVersion and the key that encrypts it, then run it again."
        )


@dataclass(frozen=True)
class FileVersion:
    """A file below a root, or what it was: on S3 a bucket may keep every version of an object.

    version: of an object; empty on a disk. is_latest: whether readers see it. is_marker: it says that the object was
    deleted, and has no content.
    """

    root: str
    path: str
    size: int
    version: str = ""
    is_latest: bool = True
    is_marker: bool = False

    @property
    def address(self) -> str:
        """Where it lies."""
        return f"{self.root}/{self.path}"

    @property
    def key(self) -> str:
        """Its name in its bucket."""
        return prefix_of(self.root)[1] + self.path

    @property
    def is_shown(self) -> bool:
        """Whether a reader finds it."""
        return self.is_latest and not self.is_marker


def every_version(root: str) -> Iterator[FileVersion]:
    """Every file below a root, on S3 every version of every object and the markers of deleted ones."""
    if is_s3(root):
        for page in version_pages(root):
            yield from page
    else:
        yield from files_below(root)


def files_below(root: str) -> Iterator[FileVersion]:
    """Every file that readers find below a root, sorted by name."""
    if is_s3(root):
        yield from _objects(root)
        return
    folder = Path(root)
    for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if file.is_file():
            yield FileVersion(root, file.relative_to(folder).as_posix(), file.stat().st_size)


def version_pages(root: str) -> Iterator[list[FileVersion]]:
    """The versions of all objects below a prefix, a page at a time; those of a page that was given may be deleted.

    So a page is given once the next one is there: S3 goes on behind the last version of a page, which must be left.
    """
    bucket, before = prefix_of(root)
    held: list[FileVersion] = []
    for page in s3().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=before):
        yield held
        named = [(item, False) for item in page.get("Versions", ())]
        named += [(item, True) for item in page.get("DeleteMarkers", ())]
        held = [_version(root, before, item, is_marker) for item, is_marker in named]
    yield held


def _version(root: str, before: str, item: dict[str, Any], is_marker: bool) -> FileVersion:
    path = item["Key"].removeprefix(before)
    return FileVersion(root, path, item.get("Size", 0), item["VersionId"], item["IsLatest"], is_marker)


def _objects(root: str) -> Iterator[FileVersion]:
    bucket, before = prefix_of(root)
    for page in s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=before):
        for item in page.get("Contents", ()):
            yield FileVersion(root, item["Key"].removeprefix(before), item["Size"])


def prefix_of(root: str) -> tuple[str, str]:
    """Bucket of a root, and how the names of all objects below it begin."""
    bucket, key = split_s3(root)
    return bucket, f"{key}/" if key else ""


def s3() -> Any:
    """A client of S3; threads may share it."""
    import boto3

    return boto3.client("s3")


@contextlib.contextmanager
def opened(file: FileVersion, client: Any = None) -> Iterator[BinaryIO]:
    """Open a file, in which one can seek.

    Raises FileNotFoundError for what is gone, ArchivedObjectError, or NotReadableOnS3Error.
    """
    if not is_s3(file.root):
        with Path(file.address).open("rb") as found:
            yield found
        return
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as held:
        _fetch(file, client or s3(), held)
        held.seek(0)
        yield cast(BinaryIO, held)


def _fetch(file: FileVersion, client: Any, into: Any) -> None:
    from botocore.exceptions import ClientError

    version = {"VersionId": file.version} if file.version not in ("", _NO_VERSION) else {}
    try:
        client.download_fileobj(split_s3(file.root)[0], file.key, into, ExtraArgs=version)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _GONE:
            raise FileNotFoundError(file.address) from None
        if code == "InvalidObjectState":
            raise ArchivedObjectError(file.address, file.version) from None
        raise NotReadableOnS3Error(file.address, file.version, code) from None


def write_over(file: FileVersion, content: bytes) -> None:
    """Put other content in the place of a file, so that it is never seen half-written; its kind stays."""
    if not is_s3(file.root):
        with taking_its_place(Path(file.address)) as partial:
            partial.write_bytes(content)
        return
    client, bucket = s3(), split_s3(file.root)[0]
    kind = client.head_object(Bucket=bucket, Key=file.key)["ContentType"]
    client.put_object(Bucket=bucket, Key=file.key, Body=content, ContentType=kind)


def remove_all(files: Iterable[FileVersion]) -> int:
    """Remove files; on S3 a bucket with versions keeps what they were. Returns how many there were."""
    number = 0
    for some in in_parts(files, MOST_AT_ONCE):
        number += len(some)
        if is_s3(some[0].root):
            delete_objects(split_s3(some[0].root)[0], [{"Key": file.key} for file in some])
        else:
            for file in some:
                Path(file.address).unlink(missing_ok=True)
    return number


class NotDeletedError(LakehouseError):
    """S3 deleted some objects and refused others."""

    def __init__(self, bucket: str, number: int, key: str, code: str) -> None:
        self.bucket, self.number, self.key, self.code = bucket, number, key, code
        super().__init__(
            f"s3://{bucket}: {number} objects or versions were not deleted, {key} among them ({code}); allow it to who "
            f"runs the command, or remove what holds them back, then run it again: it goes on where it was."
        )


def delete_objects(bucket: str, named: list[dict[str, str]]) -> None:
    """Delete objects, or versions of them, at most MOST_AT_ONCE; raises NotDeletedError.

    S3 answers such a request with success even where it deleted none.
    """
    answer = s3().delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
    if errors := answer.get("Errors"):
        raise NotDeletedError(bucket, len(errors), errors[0].get("Key", ""), errors[0].get("Code", "no reason"))


def in_parts(files: Iterable[FileVersion], size: int) -> Iterator[list[FileVersion]]:
    """The files in lists of at most so many."""
    left = iter(files)
    while some := list(islice(left, size)):
        yield some
