"""fct_daily_store_metrics as plain Python, from the rows that the model of silver holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from tests.model.model import EVENTS, LEADS, ORDERS, PRODUCTS, Row, Silver

MILLIONTH, NOTHING = Decimal("0.000001"), Decimal("0.00")
StoreDay = tuple[date, str]


@dataclass(frozen=True)
class Products:
    """What products cost when."""

    versions: Mapping[str, list[Row]]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Products:
        """The versions of each product, oldest first."""
        versions: dict[str, list[Row]] = {}
        for row in sorted(rows, key=lambda row: row["updated_at"]):
            versions.setdefault(row["product_id"], []).append(row)
        return cls(versions)

    def cost(self, line: Row) -> Decimal | None:
        """The unit cost when the line was ordered; the first version also serves earlier times."""
        versions = self.versions.get(line["product_id"])
        if versions is None:
            return None
        begun = [version for version in versions if version["updated_at"] <= line["ordered_at"]]
        cost: Decimal = (begun[-1] if begun else versions[0])["unit_cost"]
        return cost


def fact(silver: Mapping[str, Silver]) -> dict[StoreDay, Row]:
    """The rows of the fact by day and store."""
    orders, leads, events = ([row for row in silver[name].table().values() if not row.get("is_deleted")]
                             for name in (ORDERS, LEADS, EVENTS))  # fmt: skip
    products = Products.of(silver[PRODUCTS].table().values())
    days = {_day(row) for row in (*orders, *leads, *events)}
    return {
        day: {
            "dt": day[0],
            "store_id": day[1],
            "month": f"{day[0]:%Y-%m}",
            **_sales([row for row in orders if _day(row) == day], products),
            **_interest([row for row in leads if _day(row) == day]),
            **_visits([row for row in events if _day(row) == day]),
        }
        for day in days
    }


def _day(row: Row) -> StoreDay:
    return row["dt"], row["store_id"]


def _sales(lines: list[Row], products: Products) -> Row:
    sold = [line for line in lines if line["status"] != "cancelled"]
    returned = [line for line in sold if line["status"] == "returned"]
    kept = [line for line in sold if line["status"] != "returned"]
    costs = [(line["quantity"], products.cost(line)) for line in kept]
    orders = len({line["order_id"] for line in sold})
    gross = sum((_amount(line) for line in sold), NOTHING)
    discounts = sum((line["discount_amount"] for line in sold), NOTHING)
    returns = sum((_amount(line) - line["discount_amount"] for line in returned), NOTHING)
    net = gross - discounts - returns
    cost_of_goods = sum((quantity * cost for quantity, cost in costs if cost is not None), NOTHING)
    return {
        "orders": orders,
        "units": sum(line["quantity"] for line in kept),
        "gross_revenue": gross,
        "discounts": discounts,
        "returns": returns,
        "net_revenue": net,
        "cost_of_goods": cost_of_goods,
        "lines_without_cost": sum(cost is None for _, cost in costs),
        "gross_margin": net - cost_of_goods,
        "customers": len({line["customer_id"] for line in sold} - {None}),
        "average_order_value": _ratio(net, orders),
    }


def _amount(line: Row) -> Decimal:
    amount: Decimal = line["quantity"] * line["unit_price"]
    return amount


def _interest(leads: list[Row]) -> Row:
    return {"leads_created": len(leads), "leads_converted": sum(lead["status"] == "converted" for lead in leads)}


def _visits(events: list[Row]) -> Row:
    sessions = {event["session_id"] for event in events}
    buying = {event["session_id"] for event in events if event["event_type"] == "purchase"}
    types = Counter(event["event_type"] for event in events)
    return {
        "sessions": len(sessions),
        "page_views": types["page_view"],
        "add_to_carts": types["add_to_cart"],
        "checkouts": types["checkout"],
        "purchases": types["purchase"],
        "conversion_rate": _ratio(Decimal(len(buying)), len(sessions)),
    }


def _ratio(numerator: Decimal, denominator: int) -> Decimal | None:
    """To six places, half up; nothing where there is nothing to divide by."""
    return (numerator / denominator).quantize(MILLIONTH, ROUND_HALF_UP) if denominator else None
