"""Broken deliveries and what must become of each: the file refused, or each row good or quarantined by a rule."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from tests.helpers.quality_deliveries import LEADS, ORDERS, event, lead, order

PRODUCTS = "product_id,name,category,list_price,unit_cost,is_active,updated_at"
TEA = "T{n},Tea,food,3.50,1.00,true,2026-10-12T10:00:00Z"
UNSPLIT, NO_OBJECT, NOT_UTF8 = "row_has_the_columns_of_the_header", "row_is_a_json_object", "row_is_utf8"


@dataclass(frozen=True)
class Case:
    """One file. good: its rows that reach silver; bad: the rules that each of its other rows broke.

    refused: why nothing of it is taken; rows: how many it then holds, as far as they can be told apart.
    """

    file: str
    content: bytes
    good: int = 0
    bad: tuple[tuple[str, ...], ...] = ()
    refused: str | None = None
    rows: int = 0

    @property
    def dataset(self) -> str:
        """The dataset whose pattern the name matches."""
        return next(
            name for name in ("erp_orders", "crm_leads", "web_events", "products") if self.file.startswith(name)
        )


def text(*lines: str, end: str = "\n") -> bytes:
    """Lines as UTF-8, each with its end."""
    return "".join(f"{line}{end}" for line in lines).encode()


def orders(name: str, *lines: str, header: str = ORDERS, end: str = "\n", **outcome: object) -> Case:
    """A file of orders."""
    return Case(f"erp_orders_{name}.csv", text(header, *lines, end=end), **outcome)  # type: ignore[arg-type]


def raw(name: str, content: bytes, **outcome: object) -> Case:
    """A file of orders of exactly these bytes."""
    return Case(f"erp_orders_{name}.csv", content, **outcome)  # type: ignore[arg-type]


def wrong(name: str, *rules: str, **changes: object) -> Case:
    """A file of one good order and one with a wrong value."""
    lines = order(f"{name}1"), order(f"{name}2", **{"quantity": 1, **changes})
    return orders(name, *lines, good=1, bad=(rules,))


def events(name: str, *lines: str, **outcome: object) -> Case:
    """A file of events."""
    return Case(f"web_events_{name}.json", text(*lines), **outcome)  # type: ignore[arg-type]


def wrong_event(name: str, *rules: str, **changes: object) -> Case:
    """A file of one good event and one with a wrong value."""
    return events(name, event(f"{name}1"), event(f"{name}2", **changes), good=1, bad=(rules,))


def _without(line: str, place: int) -> str:
    return ",".join(part for number, part in enumerate(line.split(",")) if number != place)


GZIPPED = gzip.compress(text(ORDERS, *[order(f"gz{n}") for n in range(200)]), mtime=0)
NO_COLUMN = "its first line names no column of the contract"

CASES = (
    # encodings
    raw("bom", b"\xef\xbb\xbf" + text(ORDERS, order("bom1"), order("bom2")), good=2),
    raw("utf16", text(ORDERS, order("u16")).decode().encode("utf-16"), refused="it is encoded in UTF-16"),
    raw("latin1", text(ORDERS, order("l1"), order("l2", customer_id="caf\xe9")).decode().encode("latin-1"),
        good=1, bad=((NOT_UTF8,),)),
    raw("half_character", text(ORDERS, order("h1")) + order("h2", customer_id="é").encode()[:-20] + b"\xc3\n",
        good=1, bad=((UNSPLIT,),)),
    orders("emoji", order("emo1", customer_id="🛒👩‍👩‍👧"), good=1),
    orders("null_bytes", order("nul1", customer_id="C\x00X"), good=1),
    # lines and quotes
    orders("crlf", order("crlf1"), order("crlf2"), end="\r\n", good=2),
    orders("cr", order("cr1"), order("cr2"), end="\r", good=2),
    raw("no_last_line_end", text(ORDERS, order("nl1")) + order("nl2").encode(), good=2),
    orders("blank_lines", "", order("bl1"), "", "", order("bl2"), "", good=2),
    orders("quotes", order("q1", customer_id='"C ""7"", or 8"'), order("q2", customer_id='"a\nb\r\nc"'), good=2),
    orders("quote_never_closed", order("qn1"), order("qn2", customer_id='"C7'), good=1, bad=((UNSPLIT,),)),
    orders("semicolons", order("sc1").replace(",", ";"), header=ORDERS.replace(",", ";"), refused=NO_COLUMN, rows=1),
    orders("tabs", order("tab1").replace(",", "\t"), header=ORDERS.replace(",", "\t"), refused=NO_COLUMN, rows=1),
    # columns
    orders("too_few", order("tf1"), order("tf2").rpartition(",")[0], good=1, bad=((UNSPLIT,),)),
    orders("too_many", order("tm1"), order("tm2") + ",x", good=1, bad=((UNSPLIT,),)),
    orders("missing_column", _without(order("mc1"), 6), header=_without(ORDERS, 6),
           refused="required column unit_price missing", rows=1),
    orders("renamed_column", order("rc1"), header=ORDERS.replace("unit_price", "price"), rows=1,
           refused="required column unit_price missing (unit_price renamed to price?); found order_id"),
    orders("blanks_in_header", order("bh1"), header=ORDERS.replace(",store_id", ", store_id"), rows=1,
           refused="required column store_id missing"),
    orders("capitals_in_header", order("ch1"), header=ORDERS.upper(), rows=1, refused=NO_COLUMN),
    orders("no_optional_column", _without(order("no1"), 3), header=_without(ORDERS, 3), good=1),
    orders("reordered", ",".join(reversed(order("ro1").split(","))), header=",".join(reversed(ORDERS.split(","))),
           good=1),
    orders("unknown_column", order("uc1") + ",green", header=f"{ORDERS},colour", good=1),
    orders("doubled_column", order("dc1") + ",2.00", header=f"{ORDERS},unit_price", rows=1,
           refused="column unit_price twice"),
    orders("no_header", order("nh2"), header=order("nh1"), rows=1, refused=NO_COLUMN),
    # nothing to read
    raw("empty", b""),
    raw("only_a_header", text(ORDERS)),
    raw("only_a_header_no_line_end", ORDERS.encode()),
    raw("gzip", GZIPPED, good=200),
    raw("gzip_truncated", GZIPPED[:100], refused="it is packed with gzip and ends too early"),
    raw("gzip_of_gzip", gzip.compress(GZIPPED), refused="it is a file packed with gzip within one packed with gzip"),
    raw("parquet", b"PAR1" + bytes(40), refused="it is a Parquet file, while its contract says fileFormat: csv"),
    # values
    wrong("int_too_great", "quantity_is_int", quantity=2**31),
    wrong("int_in_words", "quantity_is_int", quantity="two"),
    wrong("int_with_point", "quantity_is_int", quantity="1.0"),
    wrong("int_with_comma", "quantity_is_int", quantity='"1,000"'),
    wrong("int_as_power", "quantity_is_int", quantity="1e3"),
    wrong("nan", "quantity_is_int", "unit_price_is_decimal_12_2", quantity="NaN", unit_price="NaN"),
    wrong("money_too_exact", "unit_price_is_decimal_12_2", unit_price="1.005"),
    wrong("money_too_great", "unit_price_is_decimal_12_2", unit_price="10000000000.00"),
    wrong("money_with_sign", "unit_price_is_decimal_12_2", unit_price="€2.00"),
    wrong("no_such_day", "ordered_at_is_timestamp", ordered_at="2026-02-30T09:00:00Z"),
    wrong("no_such_hour", "ordered_at_is_timestamp", ordered_at="2026-02-10T24:30:00Z"),
    wrong("no_offset", "updated_at_is_timestamp", updated_at="2026-10-12T10:00:00"),
    wrong("seconds_since_1970", "updated_at_is_timestamp", updated_at="1791799200"),
    wrong("yes", "is_deleted_is_boolean", is_deleted="yes"),
    wrong("key_missing", "order_id_present", order_id=""),
    wrong("negative", "quantity_at_least_1", "discount_not_negative", quantity=-1, discount_amount="-3.00"),
    orders("field_of_1_mb", order("mb1", customer_id="x" * 1_000_000), good=1),
    # leads: personal data
    Case("crm_leads_names.csv", text(LEADS, lead("n1", name='"O\'Neil, ""Zoë"""'), lead("n2", name='"李\n小龙"')),
         good=2),
    Case("crm_leads_bad_email.csv", text(LEADS, lead("e1", "jane at example.com"), lead("e2", "")),
         bad=(("email_well_formed",), ("email_present",))),
    Case("crm_leads_no_header.csv", text(lead("h1", "jane@doe.example", "Jane Doe"), lead("h2")), rows=1,
         refused=f"{NO_COLUMN}; found ***"),
    # JSON Lines
    Case("web_events_bom.json", b"\xef\xbb\xbf" + text(event("bom1"), event("bom2")), good=2),
    Case("web_events_utf16.json", event("u16").encode("utf-16"), refused="it is encoded in UTF-16"),
    Case("web_events_not_utf8.json", text(event("nu1")) + b'{"event_id": "\xff"}\n', good=1, bad=((NOT_UTF8,),)),
    Case("web_events_empty.json", b""),
    events("blank_lines", "", event("bl1"), "  ", event("bl2"), good=2),
    events("broken_mid_line", event("bm1"), event("bm2")[:50], event("bm3"), good=2, bad=((NO_OBJECT,),)),
    events("two_in_a_line", event("tl1") + event("tl2"), event("tl3"), good=1, bad=((NO_OBJECT,),)),
    events("an_array", f"[{event('ar1')}]", refused="it is a JSON array, while its contract says"),
    events("an_array_in_a_line", event("ar2"), f"[{event('ar3')}]", good=1, bad=((NO_OBJECT,),)),
    events("pretty", "{", '"event_id": "p1"', "}", bad=((NO_OBJECT,),) * 3),
    events("member_twice", event("mt1").replace("{", '{"event_id": "mt2", ', 1), bad=((NO_OBJECT,),)),
    events("nan", event("nan1"), event("nan2").replace('"s1"', "NaN"), good=1, bad=((NO_OBJECT,),)),
    events("null_byte", event("nb1", url="https://shop.example/\x00"), good=1),
    events("emoji", event("emo1", url="https://shop.example/🛒"), good=1),
    events("unknown_members", event("um1", experiment={"arm": 2}), good=1),
    events("field_of_1_mb", event("mb1", url="https://" + "x" * 1_000_000), good=1),
    wrong_event("nested", "url_is_string", url={"href": "https://shop.example/"}),
    wrong_event("list_for_text", "store_id_is_string", store_id=["S001"]),
    wrong_event("number_for_text", "customer_id_is_string", customer_id=5),
    wrong_event("text_for_object", "device_is_struct", device="phone"),
    wrong_event("object_incomplete", "device_is_struct", device={"type": "phone"}),
    wrong_event("null_members", "session_id_present", session_id=None),
    # products
    Case("products_prices.csv", text(PRODUCTS, "P1,Tea,food,cheap,1.00,true,2026-10-12T10:00:00Z",
                                     "P2,Tea,food,-1.00,1.00,true,2026-10-12T10:00:00Z"),
         bad=(("list_price_is_decimal_12_2",), ("list_price_not_negative",))),
    Case("products_name_empty.csv", text(PRODUCTS, 'P3,"",food,3.50,1.00,true,2026-10-12T10:00:00Z'),
         bad=(("name_present",),)),
)  # fmt: skip

MANY_GOOD = (
    Case("erp_orders_many.csv", text(ORDERS, *[order(f"many{n}") for n in range(400)]), good=400),
    Case("crm_leads_many.csv", text(LEADS, *[lead(f"many{n}") for n in range(20)]), good=20),
    Case("web_events_many.json", text(*[event(f"many{n}") for n in range(200)]), good=200),
    Case("products_many.csv", text(PRODUCTS, *[TEA.format(n=n) for n in range(30)]), good=30),
)
"""Delivered beside the broken ones, so that these are too few to stop their batch."""
