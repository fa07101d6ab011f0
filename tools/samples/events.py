"""The web events: sessions of visitors who look, choose and sometimes buy, and their special cases."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from tools.samples.files import json_line, local, random_for, utc
from tools.samples.orders import STORE_WEIGHTS, STORES, moment

Event = dict[str, Any]

SHOP = "https://shop.example.com"
DEVICES = (
    ("phone", "Android"),
    ("phone", "iOS"),
    ("desktop", "Windows"),
    ("desktop", "macOS"),
    ("tablet", "iPadOS"),
)
# Each step of a visit, and how likely a visitor who took it goes on to the next.
STEPS = (("page_view", 0.45), ("add_to_cart", 0.6), ("checkout", 0.7), ("purchase", 0.0))


def event(
    event_id: str,
    session_id: str,
    store_id: str,
    kind: str,
    occurred: datetime,
    received: datetime | None = None,
    /,
    **changes: Any,
) -> Event:
    """Return one event, by default without customer and product; `changes` are fields as written."""
    arrived = received or occurred + timedelta(seconds=3)
    row = {
        "event_id": event_id,
        "session_id": session_id,
        "store_id": store_id,
        "customer_id": None,
        "event_type": kind,
        "product_id": None,
        "url": f"{SHOP}/",
        "occurred_at": local(occurred, store_id, "milliseconds"),
        "received_at": local(arrived, "UTC", "milliseconds"),
        "device": {"type": "phone", "os": "Android"},
    }
    return {**row, **changes}


def visit(rng: Random, number: int, start: datetime) -> list[Event]:
    """Return the events of one session."""
    store_id = rng.choices(STORES, STORE_WEIGHTS)[0]
    kind, system = rng.choice(DEVICES)
    known: Event = {"customer_id": f"C-{rng.randrange(1, 181):04d}"} if rng.random() < 0.4 else {}
    product_id = f"P{rng.randrange(1, 41):04d}"
    at, rows = start, list[Event]()
    for step in path(rng):
        at += timedelta(milliseconds=rng.randrange(4_000, 150_000))
        slow = timedelta(hours=rng.randrange(1, 9)) if rng.random() < 0.03 else timedelta()
        received = at + slow + timedelta(milliseconds=rng.randrange(40, 9_000))
        shown = {"product_id": product_id, "url": f"{SHOP}/p/{product_id}"} if rows else {}
        event_id = f"ev-{number}-{len(rows) + 1}"
        row = event(event_id, f"s-{number}", store_id, step, at, received, device={"type": kind, "os": system})
        rows.append({**row, **known, **shown})
    return rows


def path(rng: Random) -> list[str]:
    """Return the types of a session's events, in order."""
    steps = ["page_view"] * rng.choice((0, 1, 1, 2))
    for step, likely in STEPS:
        steps.append(step)
        if rng.random() >= likely:
            break
    return steps


def random_events(purpose: str, first_number: int, days: list[int]) -> list[Event]:
    """Return the events of ordinary sessions, one session for each of the days, as they were received."""
    rng = random_for(purpose)
    visits = [visit(rng, first_number + index, moment(rng, day)) for index, day in enumerate(days)]
    events = [row for rows in visits for row in rows]
    for row in rng.sample(events, len(events) // 10):
        if row["customer_id"] is None:
            del row["customer_id"]
    return sorted(events, key=lambda row: (str(row["received_at"]), str(row["event_id"])))


def ordinary_events() -> list[Event]:
    """Return the ordinary events of the two weeks."""
    return random_events("events", 10001, sorted(random_for("events/days").choices(range(14), k=322)))


def mixed(rng: Random, rows: list[Event], extra: list[Event]) -> list[Event]:
    """Return the rows in their order with the extra ones at random places among them."""
    result = list(rows)
    for row in extra:
        result.insert(rng.randrange(len(result) + 1), row)
    return result


def first_delivery() -> list[Event]:
    """Return the ordinary events with repeats, planted cases and bad rows among them."""
    rng = random_for("events/extra")
    rows = ordinary_events()
    repeats = [dict(row) for row in rng.sample(rows, 5)]
    return mixed(rng, rows, [*repeats, *planted_events(), *bad_events()])


def planted_events() -> list[Event]:
    """Return good events of the first delivery that stand for one case each."""
    at = utc("10-12 10:00")
    later = timedelta(hours=6)
    twice = utc("10-08 14:00")
    return [
        event("ev-20001", "s-20001", "S002", "page_view", utc("10-08 23:58")),
        event("ev-20002", "s-20001", "S002", "purchase", utc("10-09 00:03")),
        event("ev-20003", "s-20003", "S007", "page_view", at),
        event("ev-20004", "s-20003", "S007", "purchase", at + timedelta(minutes=4)),
        event("ev-20005", "s-20005", "S007", "page_view", at + timedelta(hours=1)),
        event("ev-20006", "s-20006", "S007", "page_view", at + timedelta(hours=2)),
        event("ev-20007", "s-20006", "S007", "add_to_cart", at + timedelta(hours=2, minutes=1)),
        event("ev-20008", "s-20008", "S007", "page_view", utc("10-15 10:00")),
        event("ev-20009", "s-20009", "S003", "add_to_cart", twice),
        event("ev-20009", "s-20009", "S003", "checkout", twice, twice + later),
        event("ev-20010", "s-20010", "S005", "page_view", utc("10-10 15:00"), url=f"{SHOP}/search?q=Käse"),
        event("ev-20011", "s-20011", "S004", "page_view", utc("10-11 09:00"), utc("10-11 12:00")),
        event("ev-20012", "s-20012", "S001", "page_view", utc("10-14 22:30")),
    ]


def bad_events() -> list[Event]:
    """Return events of the first delivery that each break one rule."""
    at = utc("10-13 12:00")

    def bad(number: int, **changes: Any) -> Event:
        return event(f"ev-3{number:04d}", f"s-3{number:04d}", STORES[number % 6], "page_view", at, **changes)

    without_session = bad(8)
    del without_session["session_id"]
    return [
        bad(1, event_type="scroll"),
        bad(2, url="http://shop.example.com/"),
        bad(3, received_at="2026-10-13T11:59:59.999Z"),
        bad(4, store_id="S0004"),
        bad(5, event_id=None),
        bad(6, occurred_at="2026-10-13T12:00:00"),
        bad(7, occurred_at="2026-09-31T12:00:00Z"),
        without_session,
        bad(9, device=None),
        bad(10, device={"type": "phone"}),
    ]


def second_delivery() -> list[Event]:
    """Return redelivered, late and new events, and some of the next month."""
    rng = random_for("events/second")
    repeats = [dict(row) for row in rng.sample(ordinary_events(), 6)]
    new = random_events("events/second/new", 40001, [14] * 14 + [15] * 14)
    return mixed(rng, new, [*repeats, *planted_repeats_and_news()])


def planted_repeats_and_news() -> list[Event]:
    """Return events that were there before, late ones and ones of the next month, one case each."""
    at = utc("10-12 10:00")
    twice = utc("10-11 09:00")
    arrived = utc("10-20 05:00")
    return [
        event("ev-20003", "s-20003", "S007", "page_view", at, arrived),
        event("ev-20004", "s-20003", "S007", "purchase", at + timedelta(minutes=4)),
        event("ev-20011", "s-20011", "S004", "checkout", twice, twice + timedelta(seconds=3)),
        event("ev-41001", "s-41001", "S002", "page_view", utc("10-09 11:00"), arrived),
        event("ev-41002", "s-41001", "S002", "purchase", utc("10-09 11:05"), arrived),
        event("ev-41003", "s-20005", "S007", "purchase", at + timedelta(hours=1, minutes=9), arrived),
        event("ev-41004", "s-41004", "S001", "page_view", utc("10-31 23:50")),
        event("ev-41005", "s-41004", "S001", "checkout", utc("11-01 00:02")),
        event("ev-41006", "s-41006", "S006", "page_view", utc("11-02 08:00")),
        event("ev-42001", "s-42001", "S003", "teleport", utc("10-19 09:00")),
    ]


def broken_delivery() -> bytes:
    """Return good new events and among them lines that are no JSON object or hold wrong types."""
    at = utc("10-21 08:00")
    good = random_events("events/broken", 50001, [16] * 22)
    lines = [json_line(row) for row in good]
    whole = event("ev-51001", "s-51001", "S001", "page_view", at)
    broken = [
        json_line(whole)[:-20],
        "collector restarted",
        "[1,2,3]",
        json_line({**whole, "event_id": "ev-51004"}).replace('"', "'"),
        json_line({**whole, "event_id": "ev-51005", "session_id": 51005}),
        json_line({**whole, "event_id": "ev-51006", "occurred_at": 1792569600}),
        json_line({**whole, "event_id": "ev-51007", "device": "phone"}),
        json_line({**whole, "event_id": "ev-51008", "device": {"type": "phone", "os": 14}}),
    ]
    for index, text in enumerate(broken):
        lines.insert(index * 6 + 2, text)
    return "".join(text + "\n" for text in lines).encode()
