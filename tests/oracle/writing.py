"""Small deliveries written by a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ORDERS = (
    "order_id,line_number,store_id,customer_id,product_id,quantity,unit_price,discount_amount,status,"
    "ordered_at,updated_at,is_deleted"
)
LEADS = "lead_id,store_id,full_name,email,phone,source,status,created_at,updated_at,is_deleted"
PRODUCTS = "product_id,name,category,list_price,unit_cost,is_active,updated_at"


def deliver(directory: Path, **files: str | list[dict[str, Any]]) -> Path:
    """Write the files, dataset to CSV text or events, into the new directory and return it."""
    directory.mkdir()
    for dataset, content in files.items():
        lines = content if isinstance(content, str) else "".join(json.dumps(row) + "\n" for row in content)
        name = f"{dataset}.csv" if isinstance(content, str) else f"{dataset}.json"
        (directory / name).write_text(lines, encoding="utf-8")
    return directory


def order(order_id: str = "A1", number: int | str = 1, product: str = "P1", quantity: int | str = 1,
          price: str = "10.00", discount: str = "0", status: str = "paid", customer: str = "",
          at: str = "2026-03-10T10:00:00Z", updated: str = "2026-03-11T00:00:00Z",
          deleted: str = "false") -> str:  # fmt: skip
    """Return an order line of store S001 as CSV."""
    begin = (order_id, number, "S001", customer, product, quantity, price, discount)
    return ",".join(str(field) for field in (*begin, status, at, updated, deleted))


def event(event_id: str, session: str = "s1", kind: str = "page_view", **changes: Any) -> dict[str, Any]:
    """Return an event of store S001 on 10 March."""
    row = {
        "event_id": event_id, "session_id": session, "store_id": "S001", "customer_id": None,
        "event_type": kind, "url": "https://shop.example.com/", "occurred_at": "2026-03-10T09:00:00Z",
        "received_at": "2026-03-10T09:00:01Z", "device": {"type": "phone", "os": "iOS"},
    }  # fmt: skip
    return {**row, **changes}


def lines(*rows: str) -> str:
    """Return the rows as the text of a file."""
    return "".join(f"{row}\n" for row in rows)
