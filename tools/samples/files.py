"""How rows become files, and instants and amounts become text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

Row = dict[str, str]

SEED = "retail-lakehouse-2026-10"
# Hours ahead of UTC until the clocks change; Reykjavík (S006) keeps UTC all year.
SUMMER_HOURS = {"S001": 2, "S002": 2, "S003": 1, "S004": 3, "S005": 1, "S006": 0, "S007": 2}
CLOCKS_CHANGE = datetime(2026, 10, 25, 1, tzinfo=UTC)


def random_for(purpose: str) -> Random:
    """Return a generator of its own for the purpose, so that datasets do not shift each other's rows."""
    return Random(f"{SEED}/{purpose}")


def utc(text: str) -> datetime:
    """Return the instant of 2026 written as `10-05 14:30`, in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def local(instant: datetime, store_id: str, timespec: str = "seconds") -> str:
    """Write the instant as the store's clock shows it, ISO 8601 with its offset."""
    hours = SUMMER_HOURS.get(store_id, 0)
    if hours and instant >= CLOCKS_CHANGE:
        hours -= 1
    written = instant.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec=timespec)
    return written.removesuffix("+00:00") + "Z" if hours == 0 else written


def euro(cents: int) -> str:
    """Write an amount of cents in euro."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def scattered(rng: Random, rows: Sequence[Row], extra: Iterable[Row]) -> list[Row]:
    """Return the rows in their order with the extra rows at random places among them."""
    result = list(rows)
    for row in extra:
        result.insert(rng.randrange(len(result) + 1), row)
    return result


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, str]], line_end: str = "\n") -> bytes:
    """Write rows as CSV (RFC 4180, UTF-8); what a row holds beyond the columns is left out."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def json_line(event: Mapping[str, Any]) -> str:
    """Write one event as one line of JSON."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def json_lines_bytes(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Write events as JSON Lines, UTF-8."""
    return "".join(json_line(row) + "\n" for row in rows).encode()
