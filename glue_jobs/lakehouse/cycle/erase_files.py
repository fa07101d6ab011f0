"""The files of a lake as an erasure goes through them: all of them, wherever they lie, and searched by their bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lakehouse.cycle.erase_work import Work
from lakehouse.lake.every_file import (
    FileVersion,
    files_below,
    in_parts,
    opened,
    remove_all,
    s3,
    write_over,
)
from lakehouse.lake.files import exists
from lakehouse.lake.opened_search import forms_in_opened
from lakehouse.lake.paths import Lake, is_s3
from lakehouse.lake.sought import Sought
from lakehouse.privacy import MASK

_AT_ONCE = 8
"""So many objects of S3 are read at once: of each some megabytes are held in memory."""
_TEXTS = frozenset({".html", ".json", ".txt", ".md", ".css", ".js", ".sql", ".csv", ".log", ".yml", ".yaml", ".svg"})


@dataclass(frozen=True)
class Looked:
    """A file that was searched. forms: in which it holds a value. complete: whether all of it could be opened."""

    file: FileVersion
    forms: frozenset[str]
    complete: bool

    @property
    def may_hold(self) -> bool:
        """Whether it holds a value, or nobody could tell."""
        return bool(self.forms) or not self.complete


def roots_of(lake: Lake) -> Iterator[tuple[str, str]]:
    """The roots below which all files of a lake lie, each once, and how a place calls what lies there."""
    yield lake.root, ""
    if not lake.raw.startswith(f"{lake.root}/"):
        yield lake.raw, "raw/"


def look(files: Iterable[FileVersion], sought: Sought) -> Iterator[Looked]:
    """Search files; those of S3 several at once. One that went meanwhile is left out, a marker holds nothing."""
    client = None

    def one(file: FileVersion) -> Looked | None:
        if file.is_marker:
            return Looked(file, frozenset(), True)
        try:
            with opened(file, client) as content:
                forms, complete = forms_in_opened(content, sought)
        except FileNotFoundError:
            return None
        return Looked(file, frozenset(forms), complete)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for some in in_parts(files, _AT_ONCE * 8):
            on_s3 = is_s3(some[0].root)
            client = client or (s3() if on_s3 else None)
            found = pool.map(one, some) if on_s3 else map(one, some)
            yield from (looked for looked in found if looked is not None)


def at(root: str, path: str) -> Iterator[FileVersion]:
    """A file below a root, and every file of a folder there, hidden ones too."""
    address = f"{root}/{path}"
    if exists(address) if is_s3(root) else Path(address).is_file():
        yield FileVersion(root, path, 0)
    yield from (FileVersion(root, f"{path}/{file.path}", file.size) for file in files_below(address))


def holds(work: Work, folder: str) -> bool:
    """Whether a file below a folder that readers find holds a value."""
    return any(looked.forms for looked in look(files_below(folder), work.sought))


def tables_below(lake: Lake, layer: str) -> list[str]:
    """The Delta tables of a layer."""
    folder = lake.table(layer, "x").removesuffix("/x")
    found = {file.path.partition("/_delta_log/")[0] for file in files_below(folder) if "/_delta_log/" in file.path}
    return sorted(f"{folder}/{name}" for name in found)


def mask_texts(work: Work, folders: Iterable[str]) -> None:
    """Mask values in texts that were made from the lake; what is no text goes, and is made anew by who needs it."""
    for looked in look(_below(work.context.lake, folders), work.sought):
        if not looked.forms:
            continue
        if not looked.file.path.endswith(tuple(_TEXTS)):
            remove_all([looked.file])
            continue
        with opened(looked.file) as file:
            content = file.read()
        write_over(looked.file, work.sought.without(content, MASK.encode()))


def remove_results(work: Work, folders: Iterable[str]) -> None:
    """Remove what queries have answered: what holds a value, and all of it where a value is too short to be found."""
    files = _below(work.context.lake, folders)
    if work.by_columns:
        remove_all(files)
    else:
        remove_all(looked.file for looked in look(files, work.sought) if looked.may_hold)


def _below(lake: Lake, folders: Iterable[str]) -> Iterator[FileVersion]:
    for folder in folders:
        yield from at(lake.root, folder)
