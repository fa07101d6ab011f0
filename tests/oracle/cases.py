"""What each row named in docs/samples.md shows, as a condition on the files and the lake."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.oracle.oracle import Expected

Row = dict[str, Any]


@dataclass(frozen=True)
class Samples:
    """The sample files, and what the lake must hold after the first delivery and after the second."""

    directory: Path
    first: Expected
    both: Expected

    def rows(self, file: str, text: str) -> list[Row]:
        """Return the delivered rows of the file that hold the text, in the order of the file."""
        path = self.directory / file
        if path.suffix == ".json":
            lines = path.read_text(encoding="utf-8").split("\n")
            return [json.loads(line) for line in lines if text in line]
        with path.open(encoding="utf-8", newline="") as lines_of_csv:
            return [row for row in csv.DictReader(lines_of_csv) if text in ",".join(row.values())]

    def silver(self, after: Expected, key: str) -> list[Row]:
        """Return the silver rows, of any dataset, that have the key or session in their first two columns."""
        return [
            dict(zip(table.columns, row, strict=True))
            for table in after.silver.values()
            for row in table.rows
            if key in row[:2]
        ]

    def kiosk(self, after: Expected, day: int) -> Row | None:
        """Return the fact row of the kiosk S007 on a day of October, if there is one."""
        return fact_row(after, date(2026, 10, day), "S007")


Case = Callable[[Samples], bool]


def fact_row(after: Expected, day: date, store_id: str) -> Row | None:
    """Return the row of the day and store, if there is one."""
    found = [row for row in after.fact.as_dicts() if (row["dt"], row["store_id"]) == (day, store_id)]
    return found[0] if found else None


def repeated(file: str, key: str) -> Case:
    """The key's newest row in the later delivery equals one of the first in every field."""
    return lambda s: any(row in s.rows(file, key) for row in s.rows(f"day2/{file}", key))


def twice_the_same(rows: list[Row]) -> bool:
    """Return whether these are two rows, equal in every field."""
    return len(rows) == 2 and rows[0] == rows[1]


def other_day(file: str, key: str, column: str, day: int) -> Case:
    """The written date is not the UTC date, which is this day of October."""

    def condition(s: Samples) -> bool:
        (written,) = {row[column][:10] for row in s.rows(file, key)}
        (row,) = s.silver(s.both if "day2" in file else s.first, key)
        return bool(row["dt"] == date(2026, 10, day) != date.fromisoformat(written))

    return condition


def becomes(key: str, **values: Any) -> Case:
    """After the later delivery the key has these values, which it had not before."""

    def condition(s: Samples) -> bool:
        (after,) = s.silver(s.both, key)
        before = s.silver(s.first, key)
        return all(after[name] == value for name, value in values.items()) and all(
            any(row[name] != value for name, value in values.items()) for row in before
        )

    return condition


def ignored(file: str, key: str) -> Case:
    """The later delivery has the key with other content, and silver stays as it was."""
    return lambda s: (
        s.rows(f"day2/{file}", key)[0] not in s.rows(file, key)
        and s.silver(s.both, key) == s.silver(s.first, key) != []
    )


def without_cost(after: Expected, s: Samples, key: str) -> bool:
    """Return whether the product of the order is not in silver."""
    (line,) = s.silver(after, key)
    return not s.silver(after, line["product_id"])


def cost_at(after: Expected, s: Samples, key: str) -> Decimal:
    """Return the unit cost as of the order's time, read off the versions of its product."""
    (line,) = s.silver(after, key)
    versions = s.silver(after, line["product_id"])
    known = [row for row in versions if row["valid_from"] <= line["ordered_at"]]
    cost: Decimal = (known[-1] if known else versions[0])["unit_cost"]
    return cost


def both_days(key: str) -> Case:
    """The session has events on two UTC dates."""
    return lambda s: len({row["dt"] for row in s.silver(s.both, key)}) == 2


FIRST: dict[tuple[str, str], Case] = {
    ("erp_orders.csv", "SO-20009"): lambda s: twice_the_same(s.rows("erp_orders.csv", "SO-20009")),
    ("erp_orders.csv", "SO-20011"): lambda s: (
        [r["status"] for r in s.rows("erp_orders.csv", "SO-20011")] == ["shipped", "placed"]
    ),
    ("erp_orders.csv", "SO-20010"): other_day("erp_orders.csv", "SO-20010", "ordered_at", 12),
    ("erp_orders.csv", "SO-20018"): other_day("erp_orders.csv", "SO-20018", "ordered_at", 5),
    ("erp_orders.csv", "SO-20004"): lambda s: (s.kiosk(s.first, 14) or {})["average_order_value"] is None,
    ("erp_orders.csv", "SO-20005"): lambda s: s.kiosk(s.first, 16) is None,
    ("erp_orders.csv", "SO-20006"): lambda s: without_cost(s.first, s, "SO-20006"),
    ("erp_orders.csv", "SO-20007"): lambda s: (
        s.silver(s.first, "SO-20007")[0]["ordered_at"] < s.silver(s.first, "P0007")[0]["valid_from"]
    ),
    ("erp_orders.csv", "SO-20008"): lambda s: (
        s.silver(s.first, "SO-20008")[0]["ordered_at"] == s.silver(s.first, "P0012")[1]["valid_from"]
    ),
    ("erp_orders.csv", "SO-20020"): lambda s: without_cost(s.both, s, "SO-20020"),
    ("erp_orders.csv", "SO-20022"): lambda s: (
        without_cost(s.first, s, "SO-20022") and len(s.rows("products.csv", "P0041")) == 1
    ),
    ("erp_orders.csv", "SO-20002"): lambda s: s.rows("erp_orders.csv", "SO-20002")[0]["customer_id"] == "",
    ("crm_leads.csv", "L-20001"): lambda s: "," in s.silver(s.first, "L-20001")[0]["full_name"],
    ("crm_leads.csv", "L-20002"): lambda s: '"' in s.silver(s.first, "L-20002")[0]["full_name"],
    ("crm_leads.csv", "L-20003"): lambda s: s.rows("crm_leads.csv", "L-20003")[0]["is_deleted"] == "True",
    ("crm_leads.csv", "L-20005"): lambda s: s.silver(s.first, "L-20005")[0]["phone"] is None,
    ("crm_leads.csv", "L-20006"): other_day("crm_leads.csv", "L-20006", "created_at", 10),
    ("crm_leads.csv", "L-20009"): lambda s: (s.kiosk(s.first, 13) or {})["conversion_rate"] is None,
    ("web_events.json", "s-20001"): both_days("s-20001"),
    ("web_events.json", "ev-20008"): lambda s: (s.kiosk(s.first, 15) or {})["conversion_rate"] == 0,
    ("web_events.json", "ev-20009"): lambda s: (
        [r["event_type"] for r in s.rows("web_events.json", "ev-20009")] == ["checkout", "add_to_cart"]
        and s.silver(s.first, "ev-20009")[0]["event_type"] == "add_to_cart"
    ),
    ("web_events.json", "ev-20010"): lambda s: "ä" in s.silver(s.first, "ev-20010")[0]["url"],
    ("web_events.json", "ev-20012"): other_day("web_events.json", "ev-20012", "occurred_at", 14),
    ("products.csv", "P0019,"): lambda s: "\n" in s.silver(s.first, "P0019")[0]["name"],
    ("products.csv", "P0014,"): lambda s: {",", '"'} <= set(s.silver(s.first, "P0014")[0]["name"]),
    ("products.csv", "P0012,"): lambda s: len(s.silver(s.first, "P0012")) == 2,
    ("products.csv", "P0018,"): lambda s: (
        len(s.rows("products.csv", "P0018,")) == 3 and len(s.silver(s.first, "P0018")) == 2
    ),
    ("products.csv", "P0020,"): lambda s: (
        len({row[:6] for row in s.first.silver["products"].rows if row[0] == "P0020"})
        == 1
        < len(s.silver(s.first, "P0020"))
    ),
}

LATER: dict[tuple[str, str], Case] = {
    ("day2/erp_orders.csv", "SO-20001"): lambda s: s.kiosk(s.first, 7) is not None and s.kiosk(s.both, 7) is None,
    ("day2/erp_orders.csv", "SO-20002"): lambda s: (
        [s.kiosk(after, day) is None for after in (s.first, s.both) for day in (9, 10)] == [False, True, True, False]
    ),
    ("day2/erp_orders.csv", "SO-20005"): becomes("SO-20005", is_deleted=False),
    ("day2/erp_orders.csv", "SO-20009"): repeated("erp_orders.csv", "SO-20009"),
    ("day2/erp_orders.csv", "SO-20010"): becomes("SO-20010", status="returned"),
    ("day2/erp_orders.csv", "SO-20014"): becomes("SO-20014", store_id="S002", dt=date(2026, 10, 16)),
    ("day2/erp_orders.csv", "SO-20015"): ignored("erp_orders.csv", "SO-20015"),
    ("day2/erp_orders.csv", "SO-20016"): lambda s: (
        [r["is_deleted"] for r in s.rows("day2/erp_orders.csv", "SO-20016")] == ["true", "false"]
        and s.silver(s.both, "SO-20016")[0]["is_deleted"]
    ),
    ("day2/erp_orders.csv", "SO-20017"): becomes("SO-20017", dt=date(2026, 11, 1)),
    ("day2/erp_orders.csv", "SO-20018"): becomes("SO-20018", status="cancelled"),
    ("day2/erp_orders.csv", "SO-41001"): becomes("SO-41001", dt=date(2026, 10, 10)),
    ("day2/erp_orders.csv", "SO-41003"): lambda s: s.kiosk(s.first, 11) is None is not s.kiosk(s.both, 11),
    ("day2/erp_orders.csv", "SO-41004"): becomes("SO-41004", is_deleted=True),
    ("day2/erp_orders.csv", "SO-41101"): other_day("day2/erp_orders.csv", "SO-41101", "ordered_at", 31),
    ("day2/erp_orders.csv", "SO-41102"): becomes("SO-41102", dt=date(2026, 11, 1)),
    ("day2/crm_leads.csv", "L-20001"): becomes("L-20001", status="converted"),
    ("day2/crm_leads.csv", "L-20002"): becomes("L-20002", is_deleted=True),
    ("day2/crm_leads.csv", "L-20003"): becomes("L-20003", is_deleted=False),
    ("day2/crm_leads.csv", "L-20004"): ignored("crm_leads.csv", "L-20004"),
    ("day2/crm_leads.csv", "L-20005"): repeated("crm_leads.csv", "L-20005"),
    ("day2/crm_leads.csv", "L-20006"): becomes("L-20006", dt=date(2026, 10, 9)),
    ("day2/crm_leads.csv", "L-20009"): lambda s: s.kiosk(s.both, 13) is None,
    ("day2/crm_leads.csv", "L-20010"): becomes("L-20010", store_id="S003"),
    ("day2/crm_leads.csv", "L-41001"): becomes("L-41001", status="converted", dt=date(2026, 10, 8)),
    ("day2/crm_leads.csv", "L-41002"): other_day("day2/crm_leads.csv", "L-41002", "created_at", 31),
    ("day2/crm_leads.csv", "L-41003"): becomes("L-41003", dt=date(2026, 11, 1)),
    ("day2/web_events.json", "ev-20003"): ignored("web_events.json", "ev-20003"),
    ("day2/web_events.json", "ev-20004"): repeated("web_events.json", "ev-20004"),
    ("day2/web_events.json", "ev-20011"): ignored("web_events.json", "ev-20011"),
    ("day2/web_events.json", "s-41001"): lambda s: (
        {r["event_type"] for r in s.silver(s.both, "s-41001")} == {"page_view", "purchase"}
    ),
    ("day2/web_events.json", "ev-41003"): lambda s: bool(s.silver(s.first, "s-20005")),
    ("day2/web_events.json", "s-41004"): both_days("s-41004"),
    ("day2/products.csv", "P0003,"): lambda s: s.silver(s.both, "P0003")[-1]["unit_cost"] == Decimal("8.10"),
    ("day2/products.csv", "P0007,"): repeated("products.csv", "P0007,"),
    ("day2/products.csv", "P0012,"): lambda s: (
        repeated("products.csv", "P0012,")(s) and cost_at(s.both, s, "SO-20012") < cost_at(s.first, s, "SO-20012")
    ),
    ("day2/products.csv", "P0015,"): lambda s: cost_at(s.both, s, "SO-20013") < cost_at(s.first, s, "SO-20013"),
    ("day2/products.csv", "P0902,"): lambda s: not without_cost(s.both, s, "SO-20006"),
}
