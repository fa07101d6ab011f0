"""`lakehouse new` and the key: never a worse one in the place of one that is empty in a few rows."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.guesses import Guess, NotFoundError
from lakehouse.contracts.new_dataset import Wishes, propose
from lakehouse.contracts.project import Project
from lakehouse.ingest.look import look
from tests.helpers.new_datasets import files_of, new_dataset

CLICKS = """\
{"event_id": "e1", "user": "u1", "kind": "a", "at": "2026-10-17T10:00:00Z"}
{"event_id": %s, "user": "u2", "kind": "a", "at": "2026-10-17T10:00:00Z"}
"""
BILLS = """\
Rechnungs-Nr;Betrag;Bezahlt;Rechnungsdatum
A1;1234,50;ja;17.10.2026
;12,50;nein;18.10.2026
A3;7,00;ja;18.10.2026
"""
TAPS = "t1,5,2026-10-17\n,6,2026-10-17\nt3,5,2026-10-18\n"


def delivered(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return file


def key_of(folder: Path, content: str, name: str = "rows.csv", dataset: str | None = None) -> Guess:
    looked = look([delivered(folder, name, content)])
    return propose(looked.profile, Wishes(name=dataset), ()).guesses["key"]


@pytest.mark.parametrize(
    ("name", "content", "words", "key"),
    [
        ("clicks.json", CLICKS % "null", (), "event_id"),
        ("clicks.json", CLICKS % '""', (), "event_id"),
        ("bills.csv.gz", BILLS, (), "rechnungs_nr"),
        ("taps.csv", TAPS, ("--columns", "tap_id,litres,checked_at"), "tap_id"),
    ],
)
def test_a_key_with_an_empty_row_is_asked_for_and_no_other_is_taken(
    name: str,
    content: str,
    words: tuple[str, ...],
    key: str,
    shop: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, file, every = files_of(shop), delivered(tmp_path, name, content), (*words, "--domain", "shop", "--yes")
    assert main(["new", str(file), *every]) == 3
    (error,) = capsys.readouterr().err.splitlines()
    rows = 2 if name == "clicks.json" else 3
    assert error == (
        f"error: No column can be the key: {key} is named like one but is empty in 1 row of {rows}; give --key {key}, "
        "and ingest quarantines such rows, or --key COLUMNS; --key none keeps each row. Nothing was written."
    )
    assert files_of(shop) == before
    assert new_dataset(shop, file, *every, "--key", key).key == (key,)
    assert "(as you said; it is empty in 1 row, which ingest quarantines)" in capsys.readouterr().out


def test_on_a_terminal_enter_takes_it(
    shop: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("\n\n"))
    file = delivered(tmp_path, "clicks.json", CLICKS % "null")
    assert new_dataset(shop, file, "--domain", "shop").key == ("event_id",)
    asked = capsys.readouterr().out
    assert "key: event_id (named like a key but is empty in 1 row of 2). Enter to take it, or another: " in asked


@pytest.mark.parametrize(
    ("content", "key", "found"),
    [
        ("bill_no,by\nN/A,ann\nb1,bob\nb2,cid\n", "bill_no", "has a word for null in 1 row of 3"),
        ("bill_no,by\n-,ann\nb1,bob\n,cid\nb2,dan\n", "bill_no", "is empty or has a word for null in 2 rows of 4"),
        ('bill_no,by\n" \t",ann\nb1,bob\nb2,cid\n', "bill_no", "is empty in 1 row of 3"),
        ("bill_no,card_no\n,1\nb1,2\nb2,3\n", "bill_no", "is empty in 1 row of 3"),
        (
            "order_no,line,sku\n1,1,a\n1,,b\n2,1,a\n2,2,b\n",
            "order_no,line",
            "order_no,line is named like one but line is empty in 1 row of 4; give --key order_no,line, and",
        ),
        ("lead_id,updated_at,by\n1,2026-10-17,a\n1,2026-10-18,b\n,2026-10-18,c\n", "lead_id", "is empty in 1 row"),
    ],
)
def test_what_stands_for_no_value_is_no_key(content: str, key: str, found: str, tmp_path: Path) -> None:
    guess = key_of(tmp_path, content)
    assert (guess.text, guess.is_sure) == (key, False)
    assert found in str(guess.refusal)


@pytest.mark.parametrize(
    ("content", "dataset", "key"),
    [
        ("card_no,sale_no,by\n,1,a\n7,2,b\n8,3,c\n", "sales", "sale_no"),  # its own number, in each row
        ("order_no,line,coupon_code\n1,1,\n1,2,a\n2,1,b\n", "rows", "order_no,line"),  # stands before the other
        ("order_no,coupon_code\n1,\n2,\n3,b\n", "rows", "order_no"),
        ("coupon_code,order_no\n,1\n,2\nb,3\n", "rows", "order_no"),  # empty in most rows
    ],
)
def test_a_complete_key_is_taken_where_it_is_the_better_one(
    content: str, dataset: str, key: str, tmp_path: Path
) -> None:
    guess = key_of(tmp_path, content, dataset=dataset)
    assert (guess.text, guess.refusal) == (key, None)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("order_id,line_no,by\n1,1,a\n1,2,b\n", "order_id,line_no"),
        ("pos,basket_id,changed_at\n1,7,2026-10-17\n2,7,2026-10-17\n", "pos,basket_id"),
    ],
)
def test_a_place_among_rows_is_no_key_alone(content: str, key: str, tmp_path: Path) -> None:
    """A file with one order has each line once, and the next order has the same lines."""
    guess = key_of(tmp_path, content)
    assert (guess.text, guess.refusal) == (key, None)


def test_a_place_among_rows_alone_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no column of text or whole numbers is named like a key; deliver columns"):
        key_of(tmp_path, "index,price\n0,1.5\n1,2.5\n")


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("sales.csv", "store_id,day,sold\nS1,2026-10-17,5\nS2,2026-10-17,6\n", "store_id"),
        (
            "stock.csv",
            "store_id,sku,on,left\nS1,A,17.10.2026,5\nS1,B,17.10.2026,6\nS2,A,17.10.2026,6\n",
            "store_id,sku",
        ),
    ],
)
def test_a_file_of_one_day_does_not_say_whether_the_day_is_part_of_the_key(
    name: str, content: str, key: str, shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, file = files_of(shop), delivered(tmp_path, name, content)
    day = "day" if key == "store_id" else "on"
    assert main(["new", str(file), "--domain", "shop", "--yes"]) == 3
    (error,) = capsys.readouterr().err.splitlines()
    assert error == (
        f"error: No column can be the key: {key} is another one in each row, which all have one {day}; give --key "
        f"{key},{day} if there is one row of it for each {day}, --key {key} if a newer one replaces it, or --key none, "
        "which keeps each row. Nothing was written."
    )
    assert files_of(shop) == before


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("sales.csv", "store_id,day,sold\nS1,2026-10-17,5\nS2,2026-10-18,6\n", "store_id"),  # of two days
        ("sales.csv", "sale_id,day,sold\n1,2026-10-17,5\n2,2026-10-17,6\n", "sale_id"),
        ("lines.csv", "order_id,sku,day\n1,A,2026-10-17\n1,B,2026-10-17\n2,A,2026-10-17\n", "order_id,sku"),
        ("stores.csv", "store_id,city,updated_on\nS1,Rom,2026-10-17\nS2,Rom,2026-10-17\n", "store_id"),
    ],
)
def test_a_key_that_one_day_has_once_is_taken(name: str, content: str, key: str, tmp_path: Path) -> None:
    guess = key_of(tmp_path, content, name, name.removesuffix(".csv"))
    assert (",".join(guess.values), guess.refusal) == (key, None)


@pytest.mark.parametrize(
    ("content", "suggested"),
    [
        ("till,cash\nnorth,1\nsouth,1\n", "till"),
        ("store_id,day,sold\n1,2026-10-17,3\n1,2026-10-18,4\n2,2026-10-18,3\n", "store_id,day"),
        ("town,shelf,at\nUlm,a,2026-10-17\nUlm,b,2026-10-17\nBonn,a,2026-10-17\n", "town,shelf"),
    ],
)
def test_what_only_happens_to_differ_is_suggested_and_not_taken(content: str, suggested: str, tmp_path: Path) -> None:
    guess = key_of(tmp_path, content)
    assert guess.text == suggested
    assert f"No column can be the key: {suggested} is another one in each of" in str(guess.refusal)


@pytest.mark.parametrize(
    "content",
    [
        "amount,quantity,is_paid,updated_at\n1.5,1,yes,2026-10-17\n2.5,2,no,2026-10-18\n",
        "number_of_items,unit_price,at\n1,1.5,2026-10-17\n2,2.5,2026-10-18\n",
        "betrag,bezahlt,bezahlt_am\n1,ja,2026-10-17\n2,nein,2026-10-18\n",
    ],
)
def test_amounts_flags_and_times_are_no_key(content: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no column of text or whole numbers is named like a key"):
        key_of(tmp_path, content)


def test_rows_that_differ_in_a_list_alone_are_not_the_same(tmp_path: Path) -> None:
    lines = [f'{{"id": 1, "at": "2026-10-17", "tags": ["{tag}"], "on": {{"os": "{tag}"}}}}\n' for tag in "ab"]
    with pytest.raises(NotFoundError, match="nearest is id, which 1 row of 2 share with another;"):
        key_of(tmp_path, "".join(lines), "rows.json")


def test_a_row_that_is_there_twice_is_said_to_be(tmp_path: Path) -> None:
    guess = key_of(tmp_path, "id,at\n1,2026-10-17\n1,2026-10-17\n2,2026-10-17\n")
    assert guess.why == "never empty, and another one in each of 2 rows, 1 row the same as another"


@pytest.mark.parametrize("more", ["", ', "card_no": "%s"'])
def test_a_key_of_two_types_is_named(more: str, tmp_path: Path) -> None:
    lines = [f'{{"id": {value}{more % n if more else ""}, "by": "a"}}\n' for n, value in enumerate(("1", '"x"'))]
    with pytest.raises(NotFoundError, match="the key: id is number and string; deliver one type, or give --key COL"):
        key_of(tmp_path, "".join(lines), "rows.json")


def test_blanks_around_a_key_are_said(tmp_path: Path) -> None:
    looked = look([delivered(tmp_path, "rows.csv", 'id,by\n" T8 ",x \nT8,y\nT9,z\n')])
    notes = [note for note in propose(looked.profile, Wishes(), ()).notes if "blanks" in note]
    wanted = "id: blanks stand around 1 value, and are part of the key; customProperties trim: true removes them"
    assert notes == [wanted]


def test_a_word_for_null_in_a_key_that_was_named_is_said(tmp_path: Path) -> None:
    looked = look([delivered(tmp_path, "rows.csv", "id,by\nN/A,x\nT8,y\n,z\n")])
    assert propose(looked.profile, Wishes(key=("id",)), ()).guesses["key"].why == (
        "as you said; it is empty in 1 row, which ingest quarantines; it has a word for null in 1 row, which is a key "
        "like any other unless the contract has it in nullWords"
    )
