"""What a layout is worth, which files are worth rewriting, and where cells are cut: arithmetic over files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from lakehouse.contracts.layout import Layout, layout_for, layout_of_table, parsed_size, said_size
from lakehouse.lake.table_files import TableFile
from lakehouse.layout.advice import TableSize, advise
from lakehouse.layout.cells import cut_into, factors, slabs
from lakehouse.layout.files import Clustered, History
from lakehouse.layout.measure import mean_read_amplification, points_of, query_reads, read_amplification
from lakehouse.layout.picture import draw_layout
from lakehouse.layout.plan import plan_maintenance

MB = 1 << 20
JANUARY = date(2026, 1, 1)
STORES = [f"S{number:03}" for number in range(100)]
BY_DAY, BY_MONTH = layout_for(["dt"], ["store_id"]), layout_for(["month"], ["dt", "store_id"])


def file(
    days: tuple[int, int], stores: tuple[int, int] = (0, 99), size: int = 100 * MB, at: int = 1, **more: Any
) -> TableFile:
    """A file of some days (from 1 January) and stores (by number)."""
    limits = {
        "dt": tuple(JANUARY + timedelta(days=day) for day in days),
        "store_id": tuple(STORES[store] for store in stores),
    }
    return TableFile(f"{days}{stores}{at}{size}", size, size // 100, more.get("partition", ()), limits, at)  # type: ignore[arg-type]


def grid(across: int, down: int) -> list[TableFile]:
    """100 days by 100 stores in equal cells."""
    wide, high = 100 // across, 100 // down
    cells = product(range(across), range(down))
    return [file((x * wide, (x + 1) * wide - 1), (y * high, (y + 1) * high - 1)) for x, y in cells]


SCATTERED = [file((0, 99)) for _ in range(16)]


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (grid(4, 4), 1.0),
        (grid(10, 2), 1.0),  # the product counts: more for days is less for stores
        (SCATTERED, 4.0),  # everything opens everything: √16 times the least
        ([file((0, 99))], 1.0),
        ([*grid(1, 1), file((0, 9), size=0)], 1.0),  # an empty file weighs nothing
    ],
)
def test_how_many_times_the_least_possible(files: Sequence[TableFile], wanted: float) -> None:
    assert read_amplification(files, ("dt", "store_id")) == pytest.approx(wanted, abs=0.06)


def test_the_four_questions_of_a_grid_and_of_a_heap() -> None:
    days = [JANUARY + timedelta(days=number) for number in range(100)]
    found = {each.query: each for each in query_reads(grid(4, 4), days, STORES)}
    assert {name: (each.files, round(each.share, 3)) for name, each in found.items()} == {
        "one day": (4, 0.25),
        "one store": (4, 0.25),
        "day and store": (1, 0.062),
        "7 days, 10 stores": (pytest.approx(4.77, abs=0.01), pytest.approx(0.298, abs=0.001)),
    }
    assert mean_read_amplification(list(found.values())) == pytest.approx(1.0)
    heap = query_reads(SCATTERED, days, STORES)
    assert ([each.share for each in heap], mean_read_amplification(heap)) == ([1.0] * 4, pytest.approx(4.0))
    assert query_reads([TableFile("f", 1, 1, (), {})]) == []  # without bounds there is nothing to ask by


def test_a_file_without_bounds_is_always_opened() -> None:
    unbounded = TableFile("u", 100 * MB, 1, (), {})
    assert query_reads([*grid(4, 4), unbounded], stores=STORES)[2].files == pytest.approx(2.0)
    assert points_of([unbounded], "dt") == []


@pytest.mark.parametrize(
    ("counts", "number", "wanted"),
    [
        (dict.fromkeys(range(10), 5), 2, [(None, 4), (4, None)]),
        ({0: 1, 1: 1, 2: 90, 3: 1, 4: 1}, 3, [(None, 1), (1, 2), (2, None)]),  # the large value by itself
        ({"a": 7}, 4, [(None, None)]),
        (dict.fromkeys("abc", 1), 3, [(None, "a"), ("a", "b"), ("b", None)]),
        ({}, 3, [(None, None)]),  # a partition in which the column is null
    ],
)
def test_slabs_of_equal_counts_cut_at_values(
    counts: dict[Any, int], number: int, wanted: list[tuple[Any, Any]]
) -> None:
    assert slabs(counts, number) == wanted


@pytest.mark.parametrize(
    ("number", "values", "partitions", "wanted"),
    [
        (16, (100, 100), 1, (4, 4)),
        (5, (31, 1000), 12, (1, 5)),  # twelve months cut the days already
        (60, (31, 1000), 12, (2, 30)),
        (61, (360, 1000), 1, (8, 8)),  # a few more than 61 lie nearer to a square
        (6, (1, 1000), 1, (1, 6)),
        (7, (2, 2), 1, (2, 2)),  # there are no more values
    ],
)
def test_both_columns_are_cut_about_as_often(
    number: int, values: tuple[int, int], partitions: int, wanted: tuple[int, int]
) -> None:
    assert factors(number, *values, partitions) == wanted


def test_cells_hold_equal_counts_and_share_no_value() -> None:
    counts = [(day, store, 1 + day % 3) for day in range(30) for store in STORES]
    cells = cut_into(("2026-01",), counts, 6, BY_MONTH, partitions=12)

    def inside(value: Any, limits: tuple[Any, Any]) -> bool:
        return (limits[0] is None or value > limits[0]) and (limits[1] is None or value <= limits[1])

    homes = [[cell for cell in cells if inside(d, cell.limits[0]) and inside(s, cell.limits[1])] for d, s, _ in counts]
    assert {len(home) for home in homes} == {1}
    sizes = [sum(n for (_, _, n), home in zip(counts, homes, strict=True) if home == [cell]) for cell in cells]
    assert len(cells) == 6
    assert max(sizes) - min(sizes) <= 120


def planned(
    files: Sequence[TableFile], layout: Layout, last: Clustered | None = None, room: int = 1 << 40
) -> list[tuple[int, int, bool]]:
    """Files and cells of each task, and whether it is the whole partition."""
    history = History()
    if last:
        history[("2026-01",)] = last
    plan = plan_maintenance(files, layout, history, room)
    return [(len(task.files), task.cells, task.whole) for task in plan.tasks]


def of_january(*files: TableFile) -> list[TableFile]:
    return [TableFile(f.path, f.bytes, f.rows, ("2026-01",), f.statistics, f.written_ms) for f in files]


def test_only_what_changed_and_lies_badly_is_rewritten() -> None:
    good, bad = of_january(*grid(4, 4)), of_january(*SCATTERED)
    assert planned(good, BY_MONTH) == []
    assert planned(bad, BY_MONTH) == [(16, 12, True)]  # 1,600 MB in files of 128 MB
    assert planned(bad, BY_MONTH, Clustered(1, 1)) == []  # nothing came since it was clustered
    assert planned(bad, BY_MONTH, room=1000) == []
    assert planned(of_january(file((0, 99), size=400 * MB)), BY_MONTH) == [(1, 3, True)]  # a file too large
    assert planned(of_january(file((0, 99), size=400 * MB)), BY_MONTH, Clustered(1, 1)) == []  # it could not be cut


def test_what_was_there_before_a_trimmed_log_begins_is_left() -> None:
    bad = of_january(*SCATTERED)
    assert [len(plan_maintenance(bad, BY_MONTH, History(at), 1 << 40).tasks) for at in (-1, 0, 1)] == [1, 1, 0]


def test_a_partition_is_clustered_anew_once_half_of_it_is_new() -> None:
    clustered, new = of_january(*grid(4, 4)), of_january(*(file((0, 99), at=5) for _ in range(16)))
    assert planned([*clustered, *new[:15]], BY_MONTH, Clustered(1, 1)) == []
    assert planned([*clustered, *new], BY_MONTH, Clustered(1, 1)) == [(32, 25, True)]
    assert planned([*clustered, *new], BY_MONTH, Clustered(5, 1)) == [(32, 25, True)]  # late files were gathered since


def test_what_comes_late_is_gathered_without_what_lies_well() -> None:
    days = [file((day, day), size=60 * MB) for day in range(30)]
    late = [file((max(0, day - 5), day), size=MB, at=day) for day in range(30)]
    assert planned(of_january(*days), BY_MONTH) == []
    assert planned(of_january(*days, *late[1:7]), BY_MONTH) == []  # six small files are few
    # 30 MB of late rows: in ten files a day opens about a twentieth more than its own.
    assert planned(of_january(*days, *late), BY_MONTH) == [(30, 10, False)]
    assert planned(of_january(*days, *late), BY_MONTH, Clustered(23)) == []  # six came since
    assert planned(of_january(*days, *late), BY_MONTH, Clustered(22)) == [(30, 10, False)]
    stores = {"store_id": ("S000", "S099")}
    of_a_day = [TableFile(str(n), MB, 1, (JANUARY,), stores, 1) for n in range(9)]
    only = plan_maintenance(
        [TableFile("large", 100 * MB, 1, (JANUARY,), stores, 1), *of_a_day], BY_DAY, History(), 1 << 40
    )
    assert [(len(task.files), task.cells, task.whole) for task in only.tasks] == [(9, 1, False)]


def test_a_run_is_bounded_and_says_what_it_leaves() -> None:
    months = [
        TableFile(f"{m}{n}", 10 * MB, 1, (f"2026-{m:02}",), SCATTERED[0].statistics, 1)
        for m in (1, 2, 3)
        for n in range(4)
    ]
    plan = plan_maintenance(months, BY_MONTH, History(), 85 * MB)
    assert (len(plan.tasks), len(plan.left), plan.bytes) == (2, 1, 80 * MB)


def test_the_worst_partition_comes_first_whatever_its_name() -> None:
    months = [
        TableFile(f"{month}{n}", 10 * MB, 1, (month,), SCATTERED[0].statistics, 1)
        for month, number in (("2026-01", 3), ("2026-02", 8), ("2026-03", 5))
        for n in range(number)
    ]
    plan = plan_maintenance(months, BY_MONTH, History(), 85 * MB)
    assert [task.partition for task in plan.tasks] == [("2026-02",)]
    assert [task.partition for task in plan.left] == [("2026-03",), ("2026-01",)]


def test_a_partition_larger_than_a_run_does_not_hold_up_the_others() -> None:
    large, small = (
        [TableFile(f"{month}{n}", size, 1, (month,), SCATTERED[0].statistics, 1) for n in range(number)]
        for month, size, number in (("2026-01", 20 * MB, 9), ("2026-02", 10 * MB, 4))
    )
    plan = plan_maintenance([*large, *small], BY_MONTH, History(), 85 * MB)
    assert [task.partition for task in (*plan.left, *plan.tasks)] == [("2026-01",), ("2026-02",)]
    assert plan.bytes == 40 * MB


def test_a_layout_describes_itself_in_table_properties() -> None:
    orders = layout_for(["dt"], ["store_id", "order_id"], ["order_id", "line_number"], 64 * MB, 1.2)
    assert orders.cut_by == ("store_id",)
    assert layout_of_table(["dt"], orders.properties) == orders
    assert layout_for([], ["product_id"], ["product_id"]).cut_by == ("product_id",)
    assert layout_of_table(["month"], {}) is None


@pytest.mark.parametrize(
    ("words", "size"),
    [("128MB", 128 * MB), ("1GB", 1024 * MB), ("64 KB", 64 << 10), ("0MB", None), ("12", None), ("", None)],
)
def test_sizes(words: str, size: int | None) -> None:
    assert parsed_size(words) == size
    assert size is None or parsed_size(said_size(size)) == size


@pytest.mark.parametrize(
    ("a_day", "best"),
    [(2 << 30, ("month",)), (200 * MB, ("dt",)), (30 * MB, ("dt",)), (1 * MB, ("month",)), (10 << 10, ())],
)
def test_the_advice_follows_the_size(a_day: int, best: tuple[str, ...]) -> None:
    offers = advise(TableSize(a_day * 360, 360, 1000))
    assert offers[0].partition_by == best


def test_the_picture_shows_overlaps() -> None:
    heap, good = draw_layout("t", SCATTERED), draw_layout("t", grid(4, 4))
    assert heap is not None
    assert good is not None
    assert "16 files; of a day and a store 16.0 on average, 16 at most" in heap
    assert good.count('class="file"') == 16
    assert 'class="s5" x=' in heap
    assert draw_layout("t", [TableFile("f", 1, 1, (), {})]) is None
