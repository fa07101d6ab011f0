"""How many new files make one batch: as many as fit, so that a backlog is taken in batches, each by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lakehouse.lake.files import StoredFile

BATCH_BYTES = 16 << 30
"""A batch has at most so many bytes of files, or one file: as many as a worker of Glue (G.1X) has memory."""


_DIGEST = re.compile(r"^[0-9a-f]{12}/")


def as_they_came(files: Iterable[StoredFile]) -> list[StoredFile]:
    """Files that were found together, in the order in which their rows count as arrived: by path, then by version.

    The folder that a local delivery names after a file's content says nothing of when it came.
    """
    return sorted(files, key=lambda file: (_DIGEST.sub("", file.path), file.version))


def one_by_one(files: Iterable[StoredFile]) -> list[tuple[StoredFile, ...]]:
    """Each file for itself: a snapshot is the whole truth, and two of them are two."""
    return [(file,) for file in files]


def by_bytes(files: Iterable[StoredFile], most: int) -> list[tuple[StoredFile, ...]]:
    """The files in their order, in groups of at most so many bytes; a file that is larger makes a group of its own."""
    groups: list[list[StoredFile]] = []
    room = 0
    for file in files:
        if not groups or file.size > room:
            groups.append([])
            room = most
        groups[-1].append(file)
        room -= file.size
    return [tuple(group) for group in groups]
