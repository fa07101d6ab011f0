"""What `lakehouse new` sees of typed files: the same as of JSON with the same values, by columns, a part at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.contracts.profile import ColumnFacts
from lakehouse.ingest import look_typed
from lakehouse.ingest.look import look
from lakehouse.ingest.look_table import Delivered
from lakehouse.ingest.looked import NotTakenError

ROWS = 3 * look_typed._ROWS + 7


def flat(rows: int = ROWS) -> dict[str, list[object]]:
    return {
        "id": list(range(rows)),
        "price": [None if n % 7 == 0 else n / 4 for n in range(rows)],
        "name": ["" if n % 5 == 0 else f"n {n}" for n in range(rows)],
        "ok": [n % 2 == 0 for n in range(rows)],
        "day": [f"2026-10-{n % 28 + 1:02}" for n in range(rows)],
        "late": [None] * (rows - 1) + ["x"],
    }


def nested(rows: int = ROWS) -> dict[str, list[object]]:
    """A struct and a list, of which a part is there for the first time in the last row."""
    lines = [[{"sku": "a", "n": None}]] * (rows - 1) + [[{"sku": "b", "n": 1.5}, {"sku": "", "n": 2.5}]]
    return {"id": list(range(rows)), "lines": lines, "tags": [None] * (rows - 1) + [["x", "y"]], "at": ["x"] * rows}


def parquet(folder: Path, columns: dict[str, list[object]], rows_in_group: int = 5000) -> Path:
    file = folder / "things_1.parquet"
    pq.write_table(pa.table(columns), file, row_group_size=rows_in_group)
    return file


def json_lines(folder: Path, columns: dict[str, list[object]]) -> Path:
    file = folder / "things_1.jsonl"
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.mark.parametrize("columns", [flat(), nested()], ids=["flat", "nested"])
def test_a_typed_file_has_the_facts_of_the_same_in_json(tmp_path: Path, columns: dict[str, list[object]]) -> None:
    def facts(file: Path) -> list[ColumnFacts]:
        return sorted(look([file]).profile.columns, key=lambda column: column.path)

    assert facts(parquet(tmp_path, columns)) == facts(json_lines(tmp_path, columns))


def test_columns_keep_the_order_of_the_file(tmp_path: Path) -> None:
    found = look([parquet(tmp_path, nested(10))]).profile.columns
    assert [column.path[0] for column in found if len(column.path) == 1] == ["id", "lines", "tags", "at"]


def test_rows_are_held_by_thousands_and_no_flat_value_becomes_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    parsed: list[str] = []
    add, read = Delivered.add, look_typed.json_value

    def counted(self: Delivered, objects: Sequence[dict[str, object]], flat: object) -> None:
        sizes.append(len(objects))
        add(self, objects, flat)  # type: ignore[arg-type]

    monkeypatch.setattr(Delivered, "add", counted)
    monkeypatch.setattr(look_typed, "json_value", lambda text: parsed.append(text) or read(text))
    look([parquet(tmp_path, flat(), rows_in_group=ROWS)])
    assert (sum(sizes), max(sizes) <= 8192, len(sizes) > 1, parsed) == (ROWS, True, True, [])
    look([parquet(tmp_path, nested(20))])
    assert len(parsed) == 20 + 1, "each object or list once"


def test_what_ingest_quarantines_is_left_out_and_counted(tmp_path: Path) -> None:
    columns = {
        "id": pa.array([1, 2, 3, 4]), "raw": pa.array([b"a", b"\xff", b"c", b"d"]),
        "list": pa.array([[1.0], [2.0], [float("nan")], []]), "number": pa.array([1.5, 2.5, 3.5, float("inf")]),
    }  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "things_1.parquet")
    profile = look([tmp_path / "things_1.parquet"]).profile
    assert profile.notes == ("things_1.parquet: 2 rows cannot be read; ingest quarantines them",)
    filled = {column.path: column.filled for column in profile.columns}
    assert (profile.rows, filled[("id",)], filled[("number",)], filled[("raw",)]) == (2, 2, 1, 2)


def test_a_broken_page_below_a_right_footer_is_said(tmp_path: Path) -> None:
    file = parquet(tmp_path, flat(1000))
    content = bytearray(file.read_bytes())
    content[4:2000] = b"\xff" * 1996
    file.write_bytes(content)
    with pytest.raises(NotTakenError, match=r"things_1\.parquet: it cannot be read to its end .*; deliver it whole"):
        look([file])


def test_a_file_without_a_row_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(NotTakenError, match=r"things_1\.parquet: it has no row to look at"):
        look([parquet(tmp_path, {"id": [], "at": []})])


def test_rows_that_ingest_quarantines_are_the_reason_for_which_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(
        NotTakenError, match=r"no row to look at \(things_1\.parquet: 1 row cannot be read; ingest quar"
    ):
        look([parquet(tmp_path, {"id": [1], "list": [[float("nan")]]})])
