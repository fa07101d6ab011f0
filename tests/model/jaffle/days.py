"""Deals the shop's rows out as daily deliveries: late orders, items without their order, corrections, new prices."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
FIRST = datetime(2018, 9, 1, tzinfo=UTC)
TABLES = ("customers", "orders", "items", "products", "stores", "supplies")
Row = dict[str, Any]
Day = dict[str, list[Row]]

_TYPES: dict[str, Callable[[str], Any]] = {
    "ordered_at": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "opened_at": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "perishable": lambda text: text == "True",
    "tax_rate": Decimal,
    **dict.fromkeys(("subtotal", "tax_paid", "order_total", "price", "cost"), int),
}


def raw(name: str) -> list[Row]:
    """The rows of a raw table, typed."""
    with (DATA / f"raw_{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [{column: _TYPES.get(column, str)(text) for column, text in row.items()} for row in rows]


@dataclass
class Shop:
    """What the shop knows: every row by table, and what has been exported of it."""

    chance: random.Random = field(default_factory=lambda: random.Random(30))
    customers: dict[str, Row] = field(default_factory=lambda: {row["id"]: row for row in raw("customers")})
    known: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    planned: dict[int, list[tuple[str, Row]]] = field(default_factory=dict)

    def plan(self) -> None:
        """An order comes on its day or up to twelve days later; its items with it, a day before or a day after."""
        items: dict[str, list[Row]] = {}
        for item in raw("items"):
            items.setdefault(item["order_id"], []).append(item)
        for order in raw("orders"):
            placed = (order["ordered_at"] - FIRST).days
            day = placed + (self.chance.randint(1, 12) if self.chance.random() < 0.1 else 0)
            self.planned.setdefault(day, []).append(("orders", order))
            for item in items.get(order["id"], ()):
                shift = self.chance.choice((-1, 1)) if self.chance.random() < 0.1 else 0
                self.planned.setdefault(max(day + shift, 0), []).append(("items", item))

    def day(self, number: int) -> Day:
        """The rows that are exported on a day, those that changed among them."""
        fresh = list(self.planned.get(number, ()))
        if number == 0:
            fresh += [(name, row) for name in ("products", "stores", "supplies") for row in raw(name)]
        buyers = dict.fromkeys(row["customer"] for name, row in fresh if name == "orders")
        fresh += [("customers", self.customers.pop(buyer)) for buyer in buyers if buyer in self.customers]
        changed = self.corrected(number) if number else []
        for name, row in fresh:
            self.known[name].append(row)
        exported = FIRST + timedelta(days=number + 1)
        found: Day = {name: [] for name in TABLES}
        for name, row in (*fresh, *changed):
            found[name].append({"is_deleted": False, **row, "exported_at": exported})
        return found

    def corrected(self, number: int) -> list[tuple[str, Row]]:
        """Rows of earlier days that are exported again, no row twice on a day."""
        return [("orders", row) for row in self.other_orders()] + [
            (name, row) for name, row in (*self.other_items(), *self.other_master_data(number))
        ]

    def other_orders(self) -> list[Row]:
        """One order was placed earlier, one by another customer, one costs more, one was never placed."""
        moved, sold, dearer, gone = self.chance.sample(self.known["orders"], 4)
        moved["ordered_at"] -= timedelta(days=self.chance.randint(1, 10))
        sold["customer"] = self.chance.choice(self.known["orders"])["customer"]
        dearer["order_total"] += 100
        dearer["subtotal"] += 100
        gone["is_deleted"] = not gone.get("is_deleted", False)
        return [moved, sold, dearer, gone]

    def other_items(self) -> list[tuple[str, Row]]:
        """One item is another product, one belongs to another order, one is taken back."""
        swapped, moved, gone = self.chance.sample(self.known["items"], 3)
        swapped["sku"] = self.chance.choice(self.known["products"])["sku"]
        moved["order_id"] = self.chance.choice(self.known["orders"])["id"]
        gone["is_deleted"] = not gone.get("is_deleted", False)
        return [("items", row) for row in (swapped, moved, gone)]

    def other_master_data(self, number: int) -> list[tuple[str, Row]]:
        """Now and then a price, a cost, a kind, a tax or a name changes, and a product or a supply goes or comes."""
        found: list[tuple[str, Row]] = []
        if number % 3 == 0:
            supply = self.chance.choice(self.known["supplies"])
            supply["cost"] += 5
            found.append(("supplies", supply))
        if number % 4 == 0:
            product = self.chance.choice(self.known["products"])
            product["price"] += 50
            found.append(("products", product))
        if number % 7 == 0:
            product = self.known["products"][number % len(self.known["products"])]
            product["is_deleted"] = not product.get("is_deleted", False)
            found = [pair for pair in found if pair[1] is not product] + [("products", product)]
        if number % 9 == 0:
            store = self.known["stores"][0]
            store["tax_rate"] += Decimal("0.01")
            found.append(("stores", store))
        if number % 5 == 0:
            customer = self.chance.choice(self.known["customers"])
            customer["name"] += " jr."
            found.append(("customers", customer))
        return found


def deliveries(days: int) -> list[Day]:
    """So many daily deliveries, the same each time."""
    shop = Shop()
    shop.plan()
    return [shop.day(number) for number in range(days)]
