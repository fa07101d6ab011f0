"""Where a delivery lies: a folder, one file, a pattern of names, or the same on S3."""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakehouse.lake.files import copy_out, split_s3
from lakehouse.lake.paths import is_s3

_WILDCARDS = frozenset("*?[")


@dataclass(frozen=True)
class LandedFile:
    """One delivered file by its name and its path."""

    name: str
    path: str

    @contextlib.contextmanager
    def local(self) -> Iterator[Path]:
        """The file on this machine; one of S3 is there only for as long."""
        if not is_s3(self.path):
            yield Path(self.path)
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "file"
            copy_out(self.path, copy)
            yield copy


def files_at(place: str) -> list[LandedFile] | None:
    """The files of a delivery, without hidden ones, sorted; None where the place does not exist.

    A folder and a prefix have the files directly below them. Wildcards are those of a shell, `**` for any folders; on
    S3 only the last part of a path may have them.
    """
    found = _on_s3(place) if is_s3(place) else _on_disk(place)
    if found is None:
        return None
    return sorted((file for file in found if not file.name.startswith(".")), key=lambda file: (file.name, file.path))


def _on_disk(place: str) -> list[LandedFile] | None:
    path = Path(place)
    if path.is_dir():
        paths = list(path.iterdir())
    elif path.is_file():
        paths = [path]
    elif _WILDCARDS & set(place):
        paths = [Path(found) for found in glob.glob(place, recursive=True)]  # noqa: PTH207
    else:
        return None
    return [LandedFile(found.name, str(found)) for found in paths if found.is_file()]


def _on_s3(place: str) -> list[LandedFile] | None:
    import boto3

    bucket, key = split_s3(place)
    folder, _, last = key.rpartition("/")
    is_pattern = bool(_WILDCARDS & set(last))
    prefix = f"{folder}/" if is_pattern and folder else "" if is_pattern or not key else key
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    if is_pattern:
        taken = [found for found in keys if fnmatch.fnmatchcase(found, f"{prefix}{last}") and _is_in(found, prefix)]
    else:
        below = f"{key}/" if key else ""
        taken = [found for found in keys if found == key or (found.startswith(below) and _is_in(found, below))]
    files = [LandedFile(found.rpartition("/")[2], f"s3://{bucket}/{found}") for found in taken]
    return files if files or is_pattern else None


def _is_in(key: str, folder: str) -> bool:
    """Whether a key lies directly in a folder, and is one of a file."""
    return bool(key[len(folder) :]) and "/" not in key[len(folder) :]
