"""A backlog becomes batches of at most so many bytes, and every file of it is in exactly one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.ingest.grouping import as_they_came, by_bytes
from lakehouse.ingest.ingest import plan_batches
from lakehouse.lake.batches import batches_of, to_ingest
from lakehouse.lake.files import StoredFile, list_files
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context

HEADER = "product_id,name,category,list_price,unit_cost,is_active,updated_at\n"
LINE = "P{n},Tea,food,3.50,1.00,true,2026-10-12T10:00:00Z\n"


def files_of(sizes: list[int]) -> list[StoredFile]:
    return [StoredFile(f"{at}.csv", size, "v") for at, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ([], []),
        ([4, 4, 2], [[4, 4, 2]]),
        ([4, 4, 3], [[4, 4], [3]]),
        ([30, 1, 9, 1], [[30], [1, 9], [1]]),  # a file that is larger is not cut
        ([5, 0, 5, 0, 1], [[5, 0, 5, 0], [1]]),
    ],
)
def test_groups_of_at_most_ten_bytes(sizes: list[int], groups: list[list[int]]) -> None:
    assert [[file.size for file in group] for group in by_bytes(files_of(sizes), 10)] == groups


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 60))
def test_every_file_is_in_one_group_in_its_order(sizes: list[int], most: int) -> None:
    files, groups = files_of(sizes), by_bytes(files_of(sizes), most)
    assert [file for group in groups for file in group] == files
    assert all(sum(file.size for file in group) <= most or len(group) == 1 for group in groups)


def test_files_count_as_arrived_in_the_order_of_their_names() -> None:
    """Not of the digests by which a local delivery keeps them apart; of one name the version decides."""
    names = ["0f0f0f0f0f0f/b.csv", "a0a0a0a0a0a0/a.csv", "1b1b1b1b1b1b/a.csv", "2026-10-02/a.csv", "2026-10-01/z.csv"]
    found = [StoredFile(name, 1, version) for name, version in zip(names, "12345", strict=True)]
    assert [file.path for file in as_they_came(found)] == [names[4], names[3], names[1], names[2], names[0]]


def no_spark() -> SparkSession:
    raise AssertionError("a plan needs no session")


def put(folder: str, *names: str, lines: int = 1) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        Path(folder, f"products_{name}.csv").write_text(HEADER + "".join(LINE.format(n=n) for n in range(lines)))


def test_a_backlog_is_planned_once_as_batches_that_fit(
    project: Project, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, products = Context(project, lake, no_spark), project.contracts.dataset("products")
    folder = lake.landing("products")
    put(folder, *"abcde")
    size = list_files(folder)[0].size
    monkeypatch.setattr("lakehouse.ingest.ingest.BATCH_BYTES", 2 * size)

    def planned() -> list[tuple[int, str]]:
        plan_batches(context, products, list_files(folder))
        return [(b.batch_id, "".join(f.name[9] for f in b.files)) for b in batches_of(lake, products)]

    assert planned() == [(1, "ab"), (2, "cd"), (3, "e")]
    assert planned() == [(1, "ab"), (2, "cd"), (3, "e")], "a run that died resumes with the same batches"
    monkeypatch.setattr("lakehouse.ingest.ingest.BATCH_BYTES", 100 * size)
    assert planned() == [(1, "ab"), (2, "cd"), (3, "e")], "and so does a release with another limit"
    put(folder, "f", lines=500)
    assert planned() == [(1, "ab"), (2, "cd"), (3, "e"), (4, "f")]
    assert [batch.batch_id for batch in to_ingest(lake, products)] == [1, 2, 3, 4]
