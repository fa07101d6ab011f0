"""Random stories of deliveries: few keys, days and times, so that most batches hold ties, moves and late rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from tests.model.model import EVENTS, LEADS, ORDERS, PRODUCTS, RULES, Row

STEPS = 5
SEED = 8
"""Stories are the same in every run, and the same for the planted bugs as for the real code."""

STORIES = settings(
    max_examples=5,
    database=None,
    deadline=None,
    # A smaller story would cost minutes to find; what differs is told with all deliveries of its key.
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)

MOMENTS = tuple(
    datetime.fromisoformat(f"2026-{text}+00:00")
    for text in ("01-05T09:00:00", "01-05T23:59:59.999999", "01-06T00:00:00", "01-31T12:30:00", "01-31T23:59:59.999999",
                 "02-01T00:00:00", "02-14T08:00:00.000001", "02-28T18:00:00")
)  # fmt: skip
AFTERWARDS = datetime(2026, 3, 1, tzinfo=UTC)
KEYS = 7
_STORES, _CUSTOMERS, _SOLD = ("S001", "S002"), (None, "C1", "C2"), ("P1", "P2", "P3", "P9", None)


@dataclass(frozen=True)
class Layout:
    """In which order and in how many partitions the rows of a batch come."""

    turned_by: int
    backwards: bool
    parts: int

    def order(self, rows: Sequence[Row]) -> list[Row]:
        """The rows as this layout has them."""
        cut = self.turned_by % len(rows)
        turned = [*rows[cut:], *rows[:cut]]
        return turned[::-1] if self.backwards else turned


DELIVER, OVERTAKEN = "deliver", "overtaken"
REDELIVER, SAME_NUMBER, REPLAY, OPTIMIZE = "redeliver", "same number", "replay", "optimize"
CRASH_BEFORE, CRASH_AFTER = "crash before the write", "crash after the write"


@dataclass(frozen=True)
class Action:
    """What befalls one dataset within a step.

    batches: what comes for the first time, in the order of their numbers; overtaken: the second is merged first.
    earlier: which earlier batch comes again (counted around).
    crash: where the merge is interrupted, before it is run again.
    """

    dataset: str
    kind: str
    layout: Layout
    batches: tuple[list[Row], ...] = ()
    earlier: int = 0
    crash: str | None = None


@dataclass(frozen=True)
class Step:
    """Actions, after which the fact is built; or not, as if the run had died there."""

    actions: tuple[Action, ...]
    builds: bool


Story = tuple[Step, ...]


def _one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _money(*cents: int) -> st.SearchStrategy[Decimal]:
    return st.sampled_from([Decimal(cent).scaleb(-2) for cent in cents])


def _sequences(step: int) -> st.SearchStrategy[datetime]:
    """Times around those of the step: some are late, some as old as what silver has, some ahead of their turn."""
    return st.integers(step - 2, step + 1).map(lambda hours: AFTERWARDS + timedelta(hours=hours))


def _priced(line: Row) -> Row:
    """A discount is a part of the line's amount."""
    parts: tuple[Decimal, ...] = (Decimal(0), Decimal("0.5"), Decimal(1))
    amount = line["quantity"] * line["unit_price"] * parts[line["discount_amount"]]
    return {**line, "discount_amount": amount.quantize(Decimal("0.01"))}


def _orders(keys: range, step: int) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "order_id": _one_of(*(f"O{key}" for key in keys)),
            "line_number": st.integers(1, 2),
            "store_id": _one_of(*_STORES),
            "customer_id": _one_of(*_CUSTOMERS),
            "product_id": _one_of(*_SOLD[:4]),
            "quantity": st.integers(1, 3),
            "unit_price": _money(0, 1, 999, 1000),
            "discount_amount": st.integers(0, 2),
            "status": _one_of("placed", "paid", "shipped", "returned", "cancelled"),
            "ordered_at": _one_of(*MOMENTS),
            "updated_at": _sequences(step),
            "is_deleted": _one_of(False, False, True),
        }
    ).map(_priced)


def _leads(keys: range, step: int) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "lead_id": _one_of(*(f"L{key}" for key in keys)),
            "store_id": _one_of(*_STORES),
            "full_name": st.just("A Name"),
            "email": _one_of("a@b.example", "c@d.example"),
            "phone": _one_of(None, "1", "2"),
            "source": _one_of("web", "store"),
            "status": _one_of("new", "converted", "lost"),
            "created_at": _one_of(*MOMENTS),
            "updated_at": _sequences(step),
            "is_deleted": _one_of(False, False, True),
        }
    )


def _events(keys: range, step: int) -> st.SearchStrategy[Row]:
    devices = [{"type": type_, "os": os} for type_, os in (("phone", "A"), ("phone", "B"), ("desktop", "A"))]
    return st.fixed_dictionaries(
        {
            "event_id": _one_of(*(f"E{key + 3 * step}" for key in keys)),
            "session_id": _one_of("V1", "V2", "V3"),
            "store_id": _one_of(*_STORES),
            "customer_id": _one_of(*_CUSTOMERS),
            "event_type": _one_of("page_view", "add_to_cart", "checkout", "purchase"),
            "product_id": _one_of(*_SOLD),
            "url": st.just("https://shop.example"),
            "occurred_at": _one_of(*MOMENTS),
            "received_at": _sequences(step),
            "device": _one_of(*devices),
        }
    )


def _products(keys: range, step: int) -> st.SearchStrategy[Row]:
    """Versions begin at the very moments at which orders are placed: earlier ones come late as often as not."""
    return st.fixed_dictionaries(
        {
            "product_id": _one_of(*(f"P{key}" for key in keys if key < 4)),
            "name": _one_of("Chair", "Table"),
            "category": st.just("furniture"),
            "list_price": _money(100, 999),
            "unit_cost": _money(0, 1, 250, 333),
            "is_active": st.booleans(),
            "updated_at": _one_of(*MOMENTS),
        }
    )


_ROWS = {ORDERS: _orders, LEADS: _leads, EVENTS: _events, PRODUCTS: _products}
_MOST_ROWS = {ORDERS: 26, LEADS: 26, EVENTS: 26, PRODUCTS: 12}
_LAYOUTS = st.builds(Layout, st.integers(0, 9), st.booleans(), st.integers(1, 3))
_KINDS = (DELIVER, DELIVER, DELIVER, DELIVER, OVERTAKEN, REDELIVER, SAME_NUMBER, REPLAY, OPTIMIZE)


@st.composite
def _batches(draw: st.DrawFn, dataset: str, step: int, known: Sequence[Row]) -> list[Row]:
    """New rows of some neighbouring keys, with copies of some rows that came before."""
    first = draw(st.integers(0, 3))
    rows = _ROWS[dataset](range(first, min(first + 4, KEYS)), step)
    most = _MOST_ROWS[dataset]
    new = draw(st.lists(rows, min_size=most // 2, max_size=most))
    return new + (draw(st.lists(st.sampled_from(known), max_size=5)) if known else [])


@st.composite
def _actions(draw: st.DrawFn, dataset: str, step: int, known: list[Row]) -> Action:
    kind = draw(st.sampled_from(_KINDS)) if step else DELIVER
    layout = draw(_LAYOUTS)
    if kind not in (DELIVER, OVERTAKEN):
        return Action(dataset, kind, layout, earlier=draw(st.integers(0, 9)))
    batches = tuple(draw(_batches(dataset, step, known)) for _ in range(2 if kind == OVERTAKEN else 1))
    for batch in batches:
        known += batch
    crash = draw(_one_of(None, None, None, CRASH_BEFORE, CRASH_AFTER)) if kind == DELIVER else None
    return Action(dataset, kind, layout, batches, crash=crash)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Every dataset comes in the first step, one to four in each later one; the fact is built at the end at least."""
    known: Mapping[str, list[Row]] = {name: [] for name in RULES}
    told = []
    for step in range(STEPS):
        names = draw(st.lists(st.sampled_from(list(RULES)), min_size=2, max_size=4, unique=True)) if step else RULES
        actions = tuple(draw(_actions(name, step, known[name])) for name in names)
        told.append(Step(actions, builds=step in (0, STEPS - 1) or draw(st.booleans())))
    # The simplest story has the same row everywhere; it would cost as much as one that can find something.
    assume(all(len({str(row) for row in rows}) > STEPS for rows in known.values()))
    return tuple(told)


def each_story(play: Callable[[Story], None]) -> None:
    """Have every story of a run played."""

    @seed(SEED)
    @STORIES
    @given(story=stories())
    def told(story: Story) -> None:
        play(story)

    told()


@functools.cache
def stories_of_a_run() -> tuple[Story, ...]:
    """The stories that `each_story` tells, for those who stop early."""
    told: list[Story] = []
    each_story(told.append)
    return tuple(told)
