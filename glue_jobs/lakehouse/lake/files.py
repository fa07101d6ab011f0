"""Lists, reads and writes files, on a disk and on S3 alike."""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lakehouse.lake.paths import is_s3

if TYPE_CHECKING:
    from botocore.response import StreamingBody

HEAD_BYTES = 1 << 20


@dataclass(frozen=True, order=True)
class StoredFile:
    """One file with its identity: the same path with another size, time or ETag is another delivery."""

    path: str
    size: int
    version: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rsplit("/", 1)[-1]


def list_files(root: str) -> list[StoredFile]:
    """All files below a root, sorted; paths are relative to it. Hidden and temporary ones are left out."""
    found = _list_s3(root) if is_s3(root) else _list_disk(Path(root))
    return sorted(file for file in found if not any(part[:1] in "._" for part in file.path.split("/")))


def _list_disk(root: Path) -> Iterator[StoredFile]:
    for path in root.rglob("*") if root.is_dir() else ():
        if path.is_file():
            stat = path.stat()
            moment = datetime.fromtimestamp(stat.st_mtime_ns // 10**9, UTC)
            version = f"{moment:%Y-%m-%dT%H:%M:%S}.{stat.st_mtime_ns % 10**9:09d}Z"
            yield StoredFile(path.relative_to(root).as_posix(), stat.st_size, version)


def _list_s3(root: str) -> Iterator[StoredFile]:
    import boto3

    bucket, prefix = split_s3(root)
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    for page in pages:
        for item in page.get("Contents", ()):
            if not item["Key"].endswith("/"):
                yield StoredFile(item["Key"].removeprefix(f"{prefix}/"), item["Size"], item["ETag"].strip('"'))


def split_s3(path: str) -> tuple[str, str]:
    """Bucket and key of an s3:// path."""
    bucket, _, key = path.split("://", 1)[1].partition("/")
    return bucket, key.rstrip("/")


def read_head(root: str, file: StoredFile, size: int = HEAD_BYTES) -> bytes:
    """The first bytes of a file."""
    if not is_s3(root):
        with (Path(root) / file.path).open("rb") as opened:
            return opened.read(size)
    import boto3

    bucket, prefix = split_s3(root)
    if file.size == 0:
        return b""
    answer = boto3.client("s3").get_object(Bucket=bucket, Key=f"{prefix}/{file.path}", Range=f"bytes=0-{size - 1}")
    return answer["Body"].read()


def read_tail(root: str, file: StoredFile, size: int) -> bytes:
    """The last bytes of a file that has so many."""
    if not is_s3(root):
        with (Path(root) / file.path).open("rb") as opened:
            opened.seek(file.size - size)
            return opened.read(size)
    import boto3

    bucket, prefix = split_s3(root)
    answer = boto3.client("s3").get_object(Bucket=bucket, Key=f"{prefix}/{file.path}", Range=f"bytes=-{size}")
    return answer["Body"].read()


def read_chunks(root: str, file: StoredFile, size: int) -> Iterator[bytes]:
    """A whole file, never more than `size` bytes of it at a time."""
    with contextlib.closing(_open(root, file)) as opened:
        while chunk := opened.read(size):
            yield chunk


def _open(root: str, file: StoredFile) -> BinaryIO | StreamingBody:
    if not is_s3(root):
        return (Path(root) / file.path).open("rb")
    import boto3

    bucket, prefix = split_s3(root)
    return boto3.client("s3").get_object(Bucket=bucket, Key=f"{prefix}/{file.path}")["Body"]


def exists(path: str) -> bool:
    """Tell whether there is a file at a path."""
    if not is_s3(path):
        return Path(path).exists()
    import boto3

    bucket, key = split_s3(path)
    found = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", ())
    return any(item["Key"] == key for item in found)


def copy_in(file: Path, target: str) -> None:
    """Copy a local file so that under its final name it is always complete, whenever the process dies."""
    if is_s3(target):
        import boto3

        bucket, key = split_s3(target)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        boto3.client("s3").upload_file(str(file), bucket, key, ExtraArgs={"ContentType": kind})
        return
    with taking_its_place(Path(target)) as partial:
        shutil.copy2(file, partial)


def copy_out(source: str, file: Path) -> None:
    """Copy an object of S3 into a local file."""
    import boto3

    bucket, key = split_s3(source)
    file.parent.mkdir(parents=True, exist_ok=True)
    boto3.client("s3").download_file(bucket, key, str(file))


def write_whole(path: str, content: bytes) -> bool:
    """Write a file that is not there yet, so that it is never seen half-written; False when it is there."""
    if exists(path):
        return False
    if is_s3(path):
        import boto3

        bucket, key = split_s3(path)
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        return True
    with taking_its_place(Path(path)) as partial:
        partial.write_bytes(content)
    return True


@contextlib.contextmanager
def taking_its_place(final: Path) -> Iterator[Path]:
    """A hidden file beside the final one, which takes its name once it is complete."""
    final.parent.mkdir(parents=True, exist_ok=True)
    # A name near the limit of the file system leaves no room for more letters.
    partial = final.parent / f".{hashlib.sha256(final.name.encode()).hexdigest()[:16]}.{os.getpid()}"
    try:
        yield partial
        partial.replace(final)
    finally:
        partial.unlink(missing_ok=True)


def is_there(path: str) -> bool:
    """Whether there is a file, or a folder, on S3 one with anything below it."""
    if not is_s3(path) or exists(path):
        return exists(path)
    import boto3

    bucket, key = split_s3(path)
    return bool(boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{key}/", MaxKeys=1).get("Contents"))


def remove(path: str) -> None:
    """Remove a file; one that is not there is removed already."""
    if not is_s3(path):
        Path(path).unlink(missing_ok=True)
        return
    import boto3

    bucket, key = split_s3(path)
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)


def remove_tree(path: str) -> None:
    """Remove a file, or a folder with everything below it, hidden files too."""
    if not is_s3(path):
        if Path(path).is_dir():
            shutil.rmtree(path)
        else:
            remove(path)
        return
    import boto3

    bucket, key = split_s3(path)
    client = boto3.client("s3")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{key}/"):
        for item in page.get("Contents", ()):
            client.delete_object(Bucket=bucket, Key=item["Key"])
    remove(path)


def write_text(path: str, text: str, content_type: str) -> None:
    """Write a text file as UTF-8, so that it is never seen half-written."""
    if not is_s3(path):
        with taking_its_place(Path(path)) as partial:
            partial.write_text(text, encoding="utf-8")
        return
    import boto3

    bucket, key = split_s3(path)
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType=content_type)


def read_text(path: str) -> str:
    """Read a text file that is there."""
    if not is_s3(path):
        return Path(path).read_text(encoding="utf-8")
    import boto3

    bucket, key = split_s3(path)
    text: str = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8")
    return text
