"""Broken deliveries of the kinds that once gave wrong data without an error: quoting, cut files, half characters,
times and numbers that cannot be, and words for nothing.
"""

from __future__ import annotations

from tests.corpus.cases import (
    NO_OBJECT,
    NOT_UTF8,
    PRODUCTS,
    UNSPLIT,
    Case,
    events,
    orders,
    raw,
    text,
    wrong,
)
from tests.helpers.quality_deliveries import LEADS, ORDERS, event, lead, order

NO_UNICODE = "row_is_valid_unicode"
RFC = "its header cannot be read by RFC 4180: a quote in it is "


def quoting(name: str, *lines: str, good: int = 0, bad: int = 0, **outcome: object) -> Case:
    """A file of orders of which so many rows cannot be split; a good one stands before and after them."""
    whole = order(f"{name}1"), *lines, order(f"{name}2")
    return orders(name, *whole, good=good + 2, bad=((UNSPLIT,),) * bad, **outcome)


def half(name: str, escapes: str, is_row: bool = False) -> Case:
    """A file of one good event and one whose URL has these escapes."""
    second = event(f"{name}2", url="https://shop.example/#").replace("#", escapes)
    return events(name, event(f"{name}1"), second, good=1 + is_row, bad=() if is_row else ((NO_UNICODE,),))


def product(key: str, name: str, price: str = "5.00", at: str = "2026-11-01T08:00:00Z") -> str:
    """A product line."""
    return f"{key},{name},Groceries,{price},2.00,true,{at}"


QUOTING = (
    Case("products_b01.csv", text(
        PRODUCTS, *[product(f"P90{n}", f"Filler {n}") for n in range(10, 30)],
        'P9102,"Tea,food,3.50,1.00,true,2026-11-12T10:00:00Z',
        'P9103,"Green Tea",food,9.90,4.00,true,2026-11-12T11:00:00Z',
        'P9104,"Monitor 27" black",it,199.00,150.00,true,2026-11-12T10:00:00Z',
    ), good=20, bad=((UNSPLIT,),) * 3),
    quoting("lost_quote", order("lq3", customer_id='"C7'), order("lq4", customer_id='"C8"'), bad=2),
    quoting("lost_quote_far", order("lf3", customer_id='"C7'), order("lf4"), order("lf5", customer_id='"C8"'), bad=3),
    quoting("lost_quote_for_good", order("lg3", customer_id='"C7'), order("lg4"), good=1, bad=1),
    *[
        quoting(f"lost_quote_in_{name}_file", order(f"{name}3", customer_id='"C'),
                order(f"{name}4", customer_id='"D"'), bad=2, end=end)
        for name, end in (("dos", "\r\n"), ("mac", "\r"))
    ],
    quoting("text_after_quote", order("ta3", customer_id='"C7"x'), bad=1),
    quoting("blank_after_quote", order("ba3", customer_id='"C7" '), bad=1),
    quoting("blank_before_quote", order("bb3", customer_id=' "C7"'), bad=1),
    quoting("inches", order("in3", customer_id='27" black'), bad=1),
    quoting("inches_at_the_end", order("ie3", customer_id='27"'), bad=1),
    quoting("inches_in_quotes", order("iq3", customer_id='"27" black"'), bad=1),
    quoting("backslash_quote", order("bq3", customer_id='"27\\" black"'), bad=1),
    quoting("three_quotes", order("tq3", customer_id='"""'), bad=1),
    quoting("quotes_of_quotes", order("qq3", customer_id='""""""'), good=1),
    quoting("single_quotes", order("sq3", customer_id="'C7"), good=1),
    quoting("typographic_quotes", order("tg3", customer_id="“C7"), good=1),
    quoting("row_in_a_field", order("rf3", customer_id=f'"C\n{order("rf4")}\nD"'), good=1),
    quoting("row_in_a_broken_field", order("rb3", customer_id=f'"C\n{order("rb4")}\nD"!'), bad=3),
    quoting("broken_after_line_break", order("bl3", customer_id='"C\nD"!'), bad=2),
    quoting("two_faults", order("tf3", customer_id='"C"x', product_id='"P'), bad=1),
    quoting("all_in_quotes", ",".join(f'"{value}"' for value in order("aq3").split(",")), good=1),
    quoting("whole_row_in_quotes", f'"{order("wr3")}"', bad=1),
    quoting("semicolons_in_one_row", order("sr3").replace(",", ";"), bad=1),
    quoting("last_field_open", order("lo3", is_deleted='"false'), order("lo4", is_deleted='"false"'), bad=2),
    quoting("first_field_open", '"' + order("fo3"), '"' + order("fo4").replace(",", '",', 1), bad=2),
    quoting("only_a_quote", '"', bad=1),
    orders("header_open", order("ho1"), header=ORDERS.replace("status", '"status'), rows=1,
           refused=f"{RFC}never closed"),
    orders("header_broken", order("hb1"), header=ORDERS.replace("status", 'sta"tus'), rows=1,
           refused=f"{RFC}neither at a field's edge nor doubled"),
    orders("header_over_two_lines", order("ht1") + ",x", header=f'{ORDERS},"co\nlour"', good=1),
    Case("crm_leads_lost_quote.csv", text(LEADS, lead("lq1"), lead("lq2", name='"Lovelace, Ada'),
                                          lead("lq3", name='"Hopper, Grace"'), lead("lq4")),
         good=2, bad=((UNSPLIT,),) * 2),
)  # fmt: skip

CUT = (
    raw("cut_in_a_row", text(ORDERS, order("cw1")) + order("cw2").encode()[:40], good=1, bad=((UNSPLIT,),)),
    raw("cut_in_a_value", text(ORDERS, order("cv1")) + order("cv2").encode()[:-3], good=1,
        bad=(("is_deleted_is_boolean",),)),
    raw("cut_in_a_field", text(ORDERS, order("cf1")) + order("cf2", customer_id='"C\nD"').encode()[:15], good=1,
        bad=((UNSPLIT,),) * 2),
    raw("cut_after_a_pasted_row", text(ORDERS, order("cp1")) + f'cp2,1,S001,"pasted:\n{order("cp3")}'.encode(),
        good=1, bad=((UNSPLIT,),) * 2),
    raw("cut_in_a_character", text(ORDERS, order("cc1")) + order("cc2").encode() + b"\xc3", good=1,
        bad=((NOT_UTF8,),)),
    raw("cut_in_crlf", text(ORDERS, order("cx1"), order("cx2"), end="\r\n")[:-1], good=2),
    raw("cut_in_the_header", ORDERS.encode()[:40], refused="required columns"),
    Case("web_events_cut.json", text(event("cut1"), event("cut2"))[:-30], good=1, bad=((NO_OBJECT,),)),
    Case("web_events_cut_in_an_escape.json", text(event("cue1"), event("cue2"))[:-2] + b'\\ud8', good=1,
         bad=((NO_OBJECT,),)),
)  # fmt: skip

HALF_CHARACTERS = (
    half("lone_high", "\\ud83d"),
    half("lone_low", "\\uDE00"),
    half("swapped_pair", "\\ude00\\ud83d"),
    half("two_high", "\\ud83d\\ud83d\\ude00"),
    half("pair_apart", "\\ud83d\\\\\\ude00"),
    half("whole_pair", "\\ud83d\\ude00", is_row=True),
    half("escaped_escape", "\\\\ud83d", is_row=True),
    events("lone_in_a_name", event("ln1"), event("ln2", **{"#": 1}).replace("#", "\\ud83d"), good=1,
           bad=((NO_UNICODE,),)),
    Case("web_events_lone_as_bytes.json", text(event("lb1"), event("lb2", url="https://shop.example/#"))
         .replace(b"#", b"\xed\xa0\xbd"), good=1, bad=((NOT_UTF8,),)),
    Case("erp_orders_lone_as_bytes.csv", text(ORDERS, order("lb1"), order("lb2", customer_id="#"))
         .replace(b"#", b"\xed\xa0\xbd"), good=1, bad=((NOT_UTF8,),)),
)  # fmt: skip

VALUES = (
    wrong("year_10000", "ordered_at_is_timestamp", ordered_at="10000-01-01T00:00:00Z"),
    wrong("year_292278", "updated_at_is_timestamp", updated_at="+292278-01-01T00:00:00Z"),
    wrong("year_0", "ordered_at_is_timestamp", ordered_at="0000-12-31T00:00:00Z"),
    wrong("year_9999_and_an_offset", "ordered_at_is_timestamp", ordered_at="9999-12-31T23:59:59-12:00"),
    wrong("offset_of_99_hours", "updated_at_is_timestamp", updated_at="2026-10-12T10:00:00+99:00"),
    wrong("leap_second", "updated_at_is_timestamp", updated_at="2016-12-31T23:59:60Z"),
    wrong("nanoseconds", "updated_at_is_timestamp", updated_at="2026-10-12T10:00:00.123456789Z"),
    wrong("microseconds_since_1970", "ordered_at_is_timestamp", ordered_at="1791799200000000"),
    wrong("int_of_400_digits", "quantity_is_int", quantity="1" + "0" * 400),
    wrong("int_beyond_64_bits", "quantity_is_int", quantity=2**63),
    wrong("int_in_hexadecimal", "quantity_is_int", quantity="0x10"),
    wrong("int_in_other_digits", "quantity_is_int", quantity="٣"),
    wrong("int_with_blank", "quantity_is_int", quantity=" 1"),
    wrong("money_as_power", "unit_price_is_decimal_12_2", unit_price="1e308"),
    wrong("money_infinite", "unit_price_is_decimal_12_2", unit_price="Infinity"),
    wrong("money_with_underscore", "unit_price_is_decimal_12_2", unit_price="1_000.00"),
    *[
        wrong(f"{name}_for_a_number", "quantity_is_int", "unit_price_is_decimal_12_2", quantity=word, unit_price=word)
        for name, word in (("null", "null"), ("na", "N/A"), ("backslash_n", "\\N"), ("none", "None"), ("dash", "-"))
    ],
    wrong("null_for_a_time", "ordered_at_is_timestamp", "updated_at_is_timestamp", ordered_at="NULL",
          updated_at="NULL"),
    wrong("null_for_a_flag", "is_deleted_is_boolean", is_deleted="null"),
    orders("null_for_a_text", order("nt1", customer_id="NULL"), order("nt2", customer_id="\\N"), good=2),
    events("huge_numbers", event("hn1", weight=10**400), event("hn2").replace("{", '{"weight": 1e999, ', 1), good=2),
    events("null_words", event("nw1", customer_id="null"), event("nw2", customer_id=None), good=2),
)  # fmt: skip

FAULTS = (*QUOTING, *CUT, *HALF_CHARACTERS, *VALUES)
