"""The order lines: two weeks of ordinary sales, and those that follow in later deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from tools.samples.catalogue import list_price
from tools.samples.files import Row, euro, local, random_for, utc

COLUMNS = (
    "order_id",
    "line_number",
    "store_id",
    "customer_id",
    "product_id",
    "quantity",
    "unit_price",
    "discount_amount",
    "status",
    "ordered_at",
    "updated_at",
    "is_deleted",
)

BEGIN = utc("10-05 00:00")
STORES = ("S001", "S002", "S003", "S004", "S005", "S006")
STORE_WEIGHTS = (5, 4, 3, 3, 4, 2)
STATUSES = ("shipped", "paid", "placed", "returned", "cancelled")
STATUS_WEIGHTS = (45, 33, 8, 7, 7)


def line(
    order_id: str,
    number: int,
    store_id: str,
    product_id: str,
    quantity: int,
    ordered: datetime,
    updated: datetime | None = None,
    /,
    **changes: str,
) -> Row:
    """Return one order line at list price; `changes` are columns as they are to be written."""
    row = {
        "order_id": order_id,
        "line_number": str(number),
        "store_id": store_id,
        "customer_id": "",
        "product_id": product_id,
        "quantity": str(quantity),
        "unit_price": euro(list_price(product_id)),
        "discount_amount": "0.00",
        "status": "paid",
        "ordered_at": local(ordered, store_id),
        "updated_at": local(updated or ordered + timedelta(minutes=5), store_id),
        "is_deleted": "false",
    }
    return {**row, **changes}


def moment(rng: Random, day: int) -> datetime:
    """Return an instant of the day, mostly in opening hours, now and then in the night of the web shop."""
    hour = rng.randrange(24) if rng.random() < 0.2 else rng.randrange(7, 19)
    return BEGIN + timedelta(days=day, hours=hour, minutes=rng.randrange(60), seconds=rng.randrange(60))


def order(rng: Random, order_id: str, ordered: datetime) -> list[Row]:
    """Return the lines of one random order."""
    store_id = rng.choices(STORES, STORE_WEIGHTS)[0]
    customer = f"C-{rng.randrange(1, 181):04d}" if rng.random() < 0.75 else ""
    status = rng.choices(STATUSES, STATUS_WEIGHTS)[0]
    lines = []
    for number in range(1, rng.choice((1, 1, 2, 2, 3)) + 1):
        product_id = f"P{rng.randrange(1, 41):04d}"
        quantity = rng.choice((1, 1, 1, 2, 2, 3, 6))
        amount = quantity * list_price(product_id)
        discount = amount * rng.choice((5, 10, 15, 20)) // 100 if rng.random() < 0.3 else 0
        updated = ordered + timedelta(minutes=rng.randrange(1, 2800))
        lines.append(
            line(
                order_id,
                number,
                store_id,
                product_id,
                quantity,
                ordered,
                updated,
                customer_id=customer,
                discount_amount=euro(discount),
                status=status,
            )
        )
    return lines


def random_lines() -> list[Row]:
    """Return the ordinary lines of the two weeks, in the order of sale."""
    rng = random_for("orders")
    days = sorted(rng.choices(range(14), (4, 4, 4, 5, 6, 7, 2, 4, 4, 4, 5, 6, 7, 2), k=295))
    orders = [order(rng, f"SO-{10001 + index}", moment(rng, day)) for index, day in enumerate(days)]
    return [row for lines in orders for row in lines]


def new_orders(rng: Random) -> list[Row]:
    """Return ordinary orders of 19 and 20 October."""
    days = sorted(rng.choices((14, 15), k=20))
    orders = [order(rng, f"SO-{40001 + index}", moment(rng, day)) for index, day in enumerate(days)]
    return [row for lines in orders for row in lines]


def broken_delivery() -> list[Row]:
    """Return good new lines; the file that is written of them lacks unit_price."""
    rng = random_for("orders/broken")
    orders = [order(rng, f"SO-{50001 + index}", moment(rng, 16)) for index in range(12)]
    return [row for lines in orders for row in lines]
