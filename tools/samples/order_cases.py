"""The first and second delivery of order lines: ordinary ones, and the cases that the lake must get right."""

from __future__ import annotations

from datetime import timedelta

from tools.samples.files import Row, local, random_for, scattered, utc
from tools.samples.orders import STORES, line, new_orders, random_lines


def first_delivery() -> list[Row]:
    """Return the ordinary lines with repeats, superseded versions, planted cases and bad rows among them."""
    rng = random_for("orders/extra")
    rows = random_lines()
    chosen = rng.sample(rows, 9)
    repeats = [dict(row) for row in chosen[:4]]
    superseded = [as_placed(row) for row in chosen[4:]]
    return scattered(rng, rows, [*repeats, *superseded, *planted_lines(), *bad_lines()])


def as_placed(row: Row) -> Row:
    """Return an older version of the line: as it was placed, one unit more, at the moment of the order."""
    more = str(int(row["quantity"]) + 1)
    return {**row, "status": "placed", "quantity": more, "updated_at": row["ordered_at"]}


def planted_lines() -> list[Row]:
    """Return good lines of the first delivery that stand for one case each."""
    twice = line("SO-20009", 1, "S006", "P0027", 2, utc("10-08 11:00"))
    return [
        line("SO-20001", 1, "S007", "P0036", 1, utc("10-07 09:00")),
        line("SO-20002", 1, "S007", "P0037", 2, utc("10-09 10:00")),
        *kiosk_day(),
        line("SO-20004", 1, "S007", "P0040", 1, utc("10-14 10:00"), status="cancelled"),
        line("SO-20005", 1, "S007", "P0032", 3, utc("10-16 10:00"), is_deleted="TRUE"),
        line("SO-20006", 1, "S002", "P0902", 2, utc("10-06 13:00"), customer_id="C-0007"),
        line("SO-20007", 1, "S001", "P0007", 1, utc("10-06 15:00"), customer_id="C-0008"),
        line("SO-20007", 2, "S001", "P0012", 2, utc("10-06 15:00"), customer_id="C-0008"),
        line("SO-20008", 1, "S003", "P0012", 1, utc("10-14 06:00"), customer_id="C-0009"),
        twice,
        dict(twice),
        line("SO-20010", 1, "S001", "P0031", 1, utc("10-12 22:20"), customer_id="C-0010"),
        line("SO-20011", 1, "S004", "P0021", 2, utc("10-11 12:00"), utc("10-11 12:05"), status="placed"),
        line("SO-20011", 1, "S004", "P0021", 4, utc("10-11 12:00"), utc("10-12 07:00"), status="shipped"),
        line("SO-20012", 1, "S005", "P0012", 3, utc("10-09 14:00"), customer_id="C-0012"),
        line("SO-20013", 1, "S002", "P0015", 1, utc("10-07 16:00"), customer_id="C-0013"),
        line("SO-20014", 1, "S003", "P0022", 2, utc("10-10 09:00"), customer_id="C-0014"),
        line("SO-20015", 1, "S005", "P0023", 5, utc("10-13 10:00"), utc("10-15 10:00"), status="shipped"),
        line("SO-20016", 1, "S006", "P0024", 1, utc("10-15 18:00"), customer_id="C-0016", status="shipped"),
        line("SO-20017", 1, "S001", "P0019", 1, utc("10-17 08:30"), customer_id="C-0017"),
        line("SO-20018", 1, "S004", "P0028", 2, utc("10-05 21:30"), customer_id="C-0018"),
    ]


def kiosk_day() -> list[Row]:
    """Return the lines of the kiosk S007 on 2026-10-12, few enough to be checked by hand."""
    at = utc("10-12 08:00")
    return [
        line("SO-20003", 1, "S007", "P0038", 2, at, customer_id="C-0003", discount_amount="5.98"),
        line(
            "SO-20003",
            2,
            "S007",
            "P0039",
            1,
            at,
            customer_id="C-0003",
            status="returned",
            discount_amount="1.90",
        ),
        line("SO-20020", 1, "S007", "P0901", 3, at + timedelta(hours=1)),
        line(
            "SO-20021",
            1,
            "S007",
            "P0036",
            1,
            at + timedelta(hours=2),
            customer_id="C-0004",
            status="cancelled",
        ),
        line("SO-20022", 1, "S007", "P0041", 1, at + timedelta(hours=3), customer_id="C-0003", status="shipped"),
    ]


def bad_lines() -> list[Row]:
    """Return lines of the first delivery that each break one rule."""
    at = utc("10-13 10:00")

    def bad(number: int, **changes: str) -> Row:
        return line(f"SO-3{number:04d}", 1, STORES[number % 6], f"P{number:04d}", 2, at, **changes)

    return [
        bad(1, quantity="0"),
        bad(2, unit_price="-7.90"),
        bad(3, discount_amount="25.81"),
        bad(4, discount_amount="-0.01"),
        bad(5, status="lost in the post"),
        bad(6, updated_at="2026-10-13T09:59:59Z"),
        bad(8, store_id="S12"),
        bad(9, product_id=""),
        bad(10, quantity="two"),
        bad(11, unit_price="32.995"),
        bad(13, ordered_at="2026-10-13T10:00:00"),
        bad(14, is_deleted="perhaps"),
        bad(16, order_id=""),
    ]


def second_delivery() -> list[Row]:
    """Return repeats, corrections, moves, deletes, late and new lines, and updates that come too late."""
    rng = random_for("orders/second")
    first = random_lines()
    chosen = rng.sample(first, 14)
    repeats = [dict(row) for row in chosen[:4]]
    stale = [as_placed(row) for row in chosen[4:7]]
    corrected = [
        {
            **row,
            "quantity": str(int(row["quantity"]) + 1),
            "status": "shipped",
            "updated_at": local(utc("10-20 08:00") + timedelta(minutes=index), row["store_id"]),
        }
        for index, row in enumerate(chosen[7:])
    ]
    planted = [*planted_changes(), *late_and_new_lines()]
    return scattered(rng, new_orders(rng), [*repeats, *stale, *corrected, *planted])


def planted_changes() -> list[Row]:
    """Return later versions of planted lines, one case each."""
    later = utc("10-20 09:00")
    moved = utc("10-16 07:30")
    return [
        line("SO-20001", 1, "S007", "P0036", 1, utc("10-07 09:00"), later, is_deleted="true"),
        line("SO-20002", 1, "S007", "P0037", 2, utc("10-10 10:00"), later),
        line("SO-20005", 1, "S007", "P0032", 3, utc("10-16 10:00"), later, is_deleted="False"),
        line(
            "SO-20010",
            1,
            "S001",
            "P0031",
            1,
            utc("10-12 22:20"),
            later,
            customer_id="C-0010",
            status="returned",
        ),
        line("SO-20014", 1, "S002", "P0022", 2, moved, later, customer_id="C-0014"),
        line("SO-20015", 1, "S005", "P0023", 4, utc("10-13 10:00"), utc("10-14 10:00"), is_deleted="true"),
        line(
            "SO-20016",
            1,
            "S006",
            "P0024",
            1,
            utc("10-15 18:00"),
            later,
            customer_id="C-0016",
            is_deleted="true",
        ),
        line("SO-20016", 1, "S006", "P0024", 2, utc("10-15 18:00"), utc("10-19 08:00"), customer_id="C-0016"),
        line("SO-20017", 1, "S001", "P0019", 1, utc("11-01 08:30"), utc("11-02 08:00"), customer_id="C-0017"),
        line(
            "SO-20018",
            1,
            "S004",
            "P0028",
            2,
            utc("10-05 21:30"),
            later,
            customer_id="C-0018",
            status="cancelled",
        ),
        line("SO-20009", 1, "S006", "P0027", 2, utc("10-08 11:00")),
    ]


def late_and_new_lines() -> list[Row]:
    """Return lines that arrive days late, lines of the next month, and two bad ones."""
    late = utc("10-20 10:00")
    return [
        line("SO-41001", 1, "S001", "P0012", 1, utc("10-10 12:00"), late, customer_id="C-0101"),
        line("SO-41002", 1, "S006", "P0003", 4, utc("10-05 23:10"), late),
        line("SO-41003", 1, "S007", "P0040", 1, utc("10-11 09:00"), late),
        line("SO-41004", 1, "S003", "P0030", 1, utc("10-09 09:00"), late, is_deleted="true"),
        line("SO-41101", 1, "S001", "P0003", 2, utc("10-31 23:20"), customer_id="C-0102"),
        line(
            "SO-41102",
            1,
            "S002",
            "P0025",
            1,
            utc("11-01 10:00"),
            customer_id="C-0103",
            discount_amount="7.20",
        ),
        line("SO-41103", 1, "S004", "P0902", 2, utc("11-02 09:45")),
        line("SO-42001", 1, "S005", "P0005", 1, utc("10-19 09:00"), status="unknown"),
        line("SO-42002", 1, "S005", "P0006", 1, utc("10-19 09:00"), quantity="-1"),
    ]
