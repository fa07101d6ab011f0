"""Small deliveries to a lake, and the jobs that take them to silver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lakehouse.cli.main import main
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.helpers.lakes import rows

ORDERS = (
    "order_id,line_number,store_id,customer_id,product_id,quantity,unit_price,discount_amount,status,"
    "ordered_at,updated_at,is_deleted"
)
LEADS = "lead_id,store_id,full_name,email,phone,source,status,created_at,updated_at,is_deleted"


def order(number: str, quantity: object = 1, at: str = "2026-10-12T10:00:00Z", **changes: object) -> str:
    """A line of an order, good unless told otherwise."""
    values = {
        "order_id": number, "line_number": 1, "store_id": "S001", "customer_id": "", "product_id": "P1",
        "quantity": quantity, "unit_price": "2.00", "discount_amount": "0.00", "status": "paid",
        "ordered_at": "2026-10-12T09:00:00Z", "updated_at": at, "is_deleted": "false",
    }  # fmt: skip
    return ",".join(str(value) for value in {**values, **changes}.values())


def lead(number: str, email: str = "a@example.com", name: str = "A", **changes: object) -> str:
    """A lead, good unless told otherwise."""
    values = {
        "lead_id": number, "store_id": "S001", "full_name": name, "email": email, "phone": "", "source": "web",
        "status": "new", "created_at": "2026-10-12T09:00:00Z", "updated_at": "2026-10-12T10:00:00Z",
        "is_deleted": "false",
    }  # fmt: skip
    return ",".join(str(value) for value in {**values, **changes}.values())


def event(number: str, **changes: Any) -> str:
    """An event, good unless told otherwise."""
    values = {
        "event_id": number, "session_id": "s1", "store_id": "S001", "event_type": "page_view",
        "url": "https://shop.example/", "occurred_at": "2026-10-12T09:00:00Z", "received_at": "2026-10-12T09:00:01Z",
        "device": {"type": "phone", "os": "ios"},
    }  # fmt: skip
    return json.dumps({**values, **changes})


def good(number: int = 20) -> list[str]:
    """Enough good orders that a few bad ones do not stop their batch."""
    return [order(f"G{i:03}") for i in range(number)]


def deliver(context: Context, domain: str, name: str, *lines: str) -> None:
    """Put a file into the raw layer, as a source does on S3."""
    folder = Path(context.lake.landing(domain))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def run_jobs(context: Context, domain: str) -> None:
    """Ingest, validate and merge what is pending."""
    contract = context.contracts.of(domain)
    ingest_domain(context, contract)
    validate_domain(context, contract)
    merge_domain(context, contract)


def command(context: Context, *words: str) -> int:
    """Run a `lakehouse` command on the lake."""
    return main([*words, "--lake", context.lake.root])


def found(context: Context, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query, by a reader that is not Spark."""
    return rows(context.lake, context.contracts, sql)
