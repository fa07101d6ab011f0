"""What the driver reads into its memory: each place is listed with what bounds it, so that none grows with a table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CODE = ROOT / "glue_jobs" / "lakehouse"
LIST = Path(__file__).with_name("driver_reads.yaml")
READS = {
    "collect", "toPandas", "toLocalIterator", "first", "head", "take", "tail", "toArrow", "toJSON", "to_pandas",
    "to_pyarrow_table", "read_all", "fetchall", "fetch_arrow_table", "fetchdf", "to_pylist", "to_pydict",
}  # fmt: skip


def reads_of(source: str) -> Iterator[tuple[str, str]]:
    """Each call that brings rows to the driver: the function around it, and its name."""

    def walk(node: ast.AST, within: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            inside = (
                f"{within}.{child.name}".lstrip(".") if hasattr(child, "name") and hasattr(child, "body") else within
            )
            if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in READS:
                yield within, child.func.attr
            yield from walk(child, inside)

    yield from walk(ast.parse(source), "")


def found() -> set[str]:
    files = sorted(CODE.rglob("*.py"))
    assert len(files) > 100
    return {
        f"{file.relative_to(CODE).as_posix()}: {function}"
        for file in files
        for function, _ in reads_of(file.read_text(encoding="utf-8"))
    }


def listed() -> dict[str, str]:
    entries: dict[str, str] = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    return entries


def test_every_read_of_the_driver_is_listed_with_its_bound() -> None:
    unlisted = sorted(found() - set(listed()))
    assert not unlisted, f"say in {LIST.name} what bounds the rows that the driver reads here: {unlisted}"


def test_nothing_is_listed_that_the_code_no_longer_has() -> None:
    assert sorted(set(listed()) - found()) == []
    assert all(len(bound.split()) >= 3 for bound in listed().values())


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("def f(rows):\n    return rows.where('a').collect()", [("f", "collect")]),
        ("class A:\n    def f(self):\n        return [r for r in x.toPandas()]", [("A.f", "toPandas")]),
        ("rows.write.save('a')", []),
    ],
)
def test_a_read_is_seen(source: str, places: list[tuple[str, str]]) -> None:
    assert list(reads_of(source)) == places
