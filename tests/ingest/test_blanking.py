"""A record in a raw file becomes blanks; size, time, line ends and all other bytes stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.ingest.blanking import Records, blank, remove_half_written
from lakehouse.lake.files import list_files
from lakehouse.lake.paths import Lake


def blanked(lake: Lake, text: bytes, **records: object) -> bytes:
    """The file after it; what ingest knows it by is the same."""
    file = Path(lake.landing("crm"), "v1", "leads.csv")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)
    (before,) = list_files(lake.landing("crm"))
    blank(lake, "crm", Records(before, 1, **records))  # type: ignore[arg-type]
    assert list_files(lake.landing("crm")) == [before]
    assert [path.name for path in file.parent.iterdir()] == ["leads.csv"]
    return file.read_bytes()


@pytest.mark.parametrize(
    ("text", "lines", "separator", "wanted"),
    [
        (b"id\nann\nbob\n", ((2, 3),), "\n", b"id\n   \nbob\n"),
        (b"id\r\nann\r\nbob\r\n", ((2, 3),), "\n", b"id\r\n   \r\nbob\r\n"),
        (b"id\nbob\nann", ((3, None),), "\n", b"id\nbob\n   "),
        (b'id\n"an\nn"\nbob\n', ((2, 4),), "\n", b"id\n   \n  \nbob\n"),
        (b"id\nann\nbob\nann\n", ((2, 3), (4, None)), "\n", b"id\n   \nbob\n   \n"),
        (b"ann\rbob\r\nann\n", ((1, 2), (3, None)), None, b"   \rbob\r\n   \n"),
        ("id\nä\nö\n".encode(), ((2, 3),), "\n", b"id\n  \n\xc3\xb6\n"),
    ],
)
def test_lines_of_records(
    lake: Lake, text: bytes, lines: tuple[tuple[int, int | None], ...], separator: str | None, wanted: bytes
) -> None:
    assert blanked(lake, text, lines=lines, separator=separator) == wanted


def test_a_file_without_lines_is_blanked_whole(lake: Lake) -> None:
    assert blanked(lake, b"PK\x03\x04ann", whole="no lines") == b"       "


def test_what_a_killed_process_left_is_removed(lake: Lake) -> None:
    folder = Path(lake.landing("crm"))
    folder.mkdir(parents=True)
    for name in (".0123456789abcdef.77", ".hidden", "leads.csv"):
        (folder / name).write_text("ann", encoding="utf-8")
    remove_half_written(folder)
    assert sorted(path.name for path in folder.iterdir()) == [".hidden", "leads.csv"]
