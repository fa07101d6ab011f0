"""How many new files make one batch: as many as fit, so that a backlog is taken in batches, each by itself."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.lake.files import StoredFile

BATCH_BYTES = 16 << 30
"""A batch has at most so many bytes of files, or one file: as many as a worker of Glue (G.1X) has memory."""


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
