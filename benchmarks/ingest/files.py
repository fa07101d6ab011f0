"""The files that are ingested: order lines and events made from their number alone, one in a thousand unfit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

FIRST = datetime(2026, 10, 1)
OFFSETS = ("+02:00", "+01:00", "Z", "-05:00")
STATES = ("placed", "paid", "shipped", "returned", "cancelled")
EVENTS = ("page_view", "add_to_cart", "checkout", "purchase")
AT_ONCE = 50_000


def is_unfit(number: int) -> bool:
    """Whether a row has a value that does not fit its column."""
    return number % 1000 == 7


def order_line(number: int) -> str:
    """A line of CSV."""
    at, offset = FIRST + timedelta(seconds=number % 2_500_000), OFFSETS[number % 4]
    return ",".join(
        (
            f"SO-{number:09d}",
            str(1 + number % 4),
            f"S{number % 100:03d}",
            "" if number % 3 == 0 else f"C-{number % 5000:04d}",
            f"P{number % 4000:04d}",
            "two" if is_unfit(number) else str(1 + number % 5),
            f"{number % 9000 / 100:.2f}",
            f"0.{number % 10}0",
            STATES[number % 5],
            f"{at.isoformat()}{offset}",
            f"{(at + timedelta(hours=9)).isoformat()}{offset}",
            "True" if number % 7 == 0 else "false",
        )
    )


def event(number: int) -> str:
    """A line of JSON."""
    at, offset = (FIRST + timedelta(seconds=number % 2_500_000)).isoformat(), OFFSETS[number % 4]
    customer = "null" if number % 3 == 0 else f'"C-{number % 5000:04d}"'
    kind = "5" if is_unfit(number) else f'"{EVENTS[number % 4]}"'
    return (
        f'{{"event_id":"ev-{number}","session_id":"s-{number // 7}","store_id":"S{number % 100:03d}",'
        f'"customer_id":{customer},"event_type":{kind},"product_id":"P{number % 4000:04d}",'
        f'"url":"https://shop.example.com/p/P{number % 4000:04d}","occurred_at":"{at}.399{offset}",'
        f'"received_at":"{at}.837Z","device":{{"type":"phone","os":"iOS"}}}}'
    )


def make_orders(folder: Path, rows: int, header: str) -> Path:
    """A CSV file of so many order lines."""
    return _write(folder / f"erp_orders_{rows}.csv", rows, order_line, header)


def make_events(folder: Path, rows: int) -> Path:
    """A file of JSON Lines with so many events."""
    return _write(folder / f"web_events_{rows}.json", rows, event, None)


def _write(path: Path, rows: int, line: Callable[[int], str], header: str | None) -> Path:
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_suffix(".begun")
        with begun.open("w", encoding="utf-8") as file:
            file.writelines(_chunks(rows, line, header))
        begun.rename(path)
    return path


def _chunks(rows: int, line: Callable[[int], str], header: str | None) -> Iterator[str]:
    if header is not None:
        yield f"{header}\n"
    for first in range(0, rows, AT_ONCE):
        yield "".join(f"{line(number)}\n" for number in range(first, min(first + AT_ONCE, rows)))
