"""Files as foreign systems write them, each with pandas' own reading, which shares nothing with ours."""

# ruff: noqa: E501 (rows of files are not broken)
from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

Frame = pd.DataFrame


@dataclass(frozen=True)
class Foreign:
    """A file by its name, what it holds, the words that a person adds to the command, and pandas' reading of it."""

    name: str
    content: bytes
    read: Callable[[Path], Frame]
    words: tuple[str, ...] = ()
    repeated: int = 0
    """Rows that are there twice, the same in every column: a key keeps one of them."""


def days(frame: Frame, *names: str, **how: Any) -> Frame:
    """The frame with days in place of their texts or times."""
    return frame.assign(**{name: pd.to_datetime(frame[name], **how).dt.date for name in names})


def _csv(**how: Any) -> Callable[[Path], Frame]:
    """Without a guess of pandas' own at what is null: an empty field is, and what a file's reading names."""
    return lambda file: pd.read_csv(
        file, keep_default_na=False, float_precision="round_trip", **{"na_values": [""]} | how
    )


_SALES = """\
Beleg-Nr.;Filiale;Käufer;Betrag;Menge;gebucht am
00017;007;Müller & Söhne;1.234,50;3;31.10.2026
00018;012;"Öl; kalt";-12,5;;01.02.2026
00019;007;;0,99;12;13.03.2026
"""
_EXPORTED = (
    "id\tshipped\tweight\tnote\r\n1\t10/17/2026\t1.25\tNA\r\n2\t2/3/2026\t.5\t+49 30 1234\r\n3\tN/A\tNULL\t-\r\n"
)
_ANSWERS = (
    'answer_id,Is OK,word,when,said\n1,True,yes,2026-10-17T10:00:00+02:00,"a ""q"",\nb"\n2,FALSE,no,2026-10-17 11:00Z,\n'
    "2,FALSE,no,2026-10-17 11:00Z,\n3,true,yes,2026-03-29T01:59:59.123456-05:00, é \n"
)
_MEASURED = """\
sensor_id,measured_on,temp,humidity,code,status
S1,2026-10-17,21.5,NA,007,NA
S2,2026-10-17,NA,55,010,ok
S3,2026-10-18,-0.25,NULL,000,-
S4,NA,1e3,60,42,ok
"""
_TICKETS = "ticket_id|opened_at|minutes|digit\nT1|2026-03-29 03:30|5|0\nT2|2026-10-24 23:59:59|-7|1\nT3|2026-07-01 00:00|9223372036|2\n"
_SHIPPED = "parcel_no,left_at,is_late\nP1,17.10.2026 08:30,true\nP2,01.02.2026 23:59,false\n"
_ORDERS = [
    {"id": 1, "buyer": {"name": "x", "vip": True}, "lines": [{"sku": "a", "n": 2}, {"sku": "b", "n": None}], "total": 10.5,
     "placed": "2026-10-17T10:00:00+02:00"},
    {"id": 2, "buyer": {"name": None, "vip": False}, "lines": [], "total": 1e-3, "placed": "2026-10-18T00:00:00Z"},
    {"id": 30000000000, "buyer": None, "lines": None, "total": -7, "placed": "2026-10-18T00:00:00Z"},
]  # fmt: skip
_CLICKS = [
    {"click_id": "c1", "at": 1760700000123, "day": "2026-10-17", "tags": ["x", "y"], "zero": "0"},
    {"click_id": "c2", "at": 1760700000124, "day": "2026-10-18", "tags": [], "zero": "00"},
    {"click_id": "c3", "at": 1760700000125, "day": "2026-10-18"},
]
_PLAN = [
    {"store_no": 1, "opens": dt.datetime(2026, 10, 17), "seen_at": dt.datetime(2026, 10, 17, 8, 30), "rent": 1250.75,
     "city": "Köln"},
    {"store_no": 2, "opens": dt.datetime(2026, 11, 1), "seen_at": dt.datetime(2026, 10, 25, 2, 30), "rent": None,
     "city": "NA"},
]  # fmt: skip
_STOCK = {
    "stock_id": pa.array(["0001", "0002", "10"]),
    "amount": pa.array([Decimal("1.50"), None, Decimal("-0.05")], pa.decimal128(12, 2)),
    "share": pa.array([0.1, 1e-7, None]),
    "small": pa.array([1, -2, 3], pa.int16()),
    "counted": pa.array([0, 1760700000123456789 // 1000, None], pa.timestamp("us")),
    "changed_at": pa.array([1, 2, 3], pa.timestamp("ms", "America/New_York")),
    "tags": pa.array([["a", None], [], None], pa.list_(pa.string())),
    "lines": pa.array([[{"n": 1}], None, []], pa.list_(pa.struct([("n", pa.int32())]))),
}
_AVRO = {
    "type": "record", "name": "reading", "fields": [
        {"name": "reading_id", "type": "long"}, {"name": "on", "type": {"type": "int", "logicalType": "date"}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "value", "type": ["null", "double"]}, {"name": "unit", "type": "string"},
    ],
}  # fmt: skip
_READINGS = [
    {"reading_id": 1, "on": dt.date(2026, 10, 17), "at": dt.datetime(2026, 10, 17, 8, 0, 0, 1, dt.UTC), "value": 0.1,
     "unit": "007"},
    {"reading_id": 2, "on": dt.date(2024, 2, 29), "at": dt.datetime(1970, 1, 1, tzinfo=dt.UTC), "value": None, "unit": ""},
]  # fmt: skip


def _zipped(**members: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.csv", text)
    return held.getvalue()


def _members(file: Path) -> Frame:
    with zipfile.ZipFile(file) as archive:
        return pd.concat([pd.read_csv(archive.open(name), dtype={"shop": str}) for name in archive.namelist()])


def _parquet(columns: dict[str, pa.Array]) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held)
    return held.getvalue()


def _avro() -> bytes:
    held = io.BytesIO()
    fastavro.writer(held, fastavro.parse_schema(dict(_AVRO)), _READINGS)
    return held.getvalue()


def _xlsx() -> bytes:
    held = io.BytesIO()
    pd.DataFrame(_PLAN).to_excel(held, index=False)
    return held.getvalue()


def _tickets(file: Path) -> Frame:
    frame = pd.read_csv(file, sep="|")
    return frame.assign(opened_at=pd.to_datetime(frame["opened_at"], format="ISO8601").dt.tz_localize("Europe/Berlin"))


def _shipped(file: Path) -> Frame:
    frame = pd.read_csv(file)
    left = pd.to_datetime(frame["left_at"], format="%d.%m.%Y %H:%M")
    return frame.assign(left_at=left.dt.tz_localize("America/New_York"))


def _of_utc(frame: Frame, *names: str) -> Frame:
    return frame.assign(**{name: frame[name].dt.tz_localize("UTC") for name in names})


def _answers(file: Path) -> Frame:
    frame = _csv(true_values=["True", "true", "yes"], false_values=["FALSE", "no"])(file)
    return frame.assign(when=pd.to_datetime(frame["when"], utc=True, format="ISO8601"))


def _clicks(file: Path) -> Frame:
    frame = days(_json(lines=True)(file), "day")
    return frame.assign(at=pd.to_datetime(frame["at"], unit="ms", utc=True))


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _json(times: tuple[str, ...] = (), **how: Any) -> Callable[[Path], Frame]:
    def read(file: Path) -> Frame:
        frame = pd.read_json(file, convert_dates=False, dtype=False, **how)
        return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in times})

    return read


_TEXTS = {"Beleg-Nr.": str, "Filiale": str, "gebucht am": str}
WRITTEN = (
    Foreign("sales_2026-11-01.csv", _SALES.encode("cp1252"),
            lambda file: days(_csv(sep=";", decimal=",", thousands=".", encoding="cp1252", dtype=_TEXTS)(file),
                              "gebucht am", format="%d.%m.%Y")),
    Foreign("exported_1.txt", _EXPORTED.encode("utf-16"),
            lambda file: days(_csv(sep="\t", encoding="utf-16", na_values={"shipped": ["N/A"], "weight": ["NULL"]})(file),
                              "shipped", format="%m/%d/%Y"), ("--sequence", "arrival")),
    Foreign("answers_1.csv", _ANSWERS.encode("utf-8-sig"), _answers, repeated=1),
    Foreign("measured_1.csv.gz", gzip.compress(_MEASURED.encode()),
            lambda file: days(_csv(dtype={"code": str, "temp": str}, na_values={"humidity": ["NA", "NULL"], "measured_on": ["NA"]})(file),
                              "measured_on")),
    Foreign("tickets_1.txt", _TICKETS.encode(), _tickets, ("--zone", "Europe/Berlin")),
    Foreign("parcels_1.csv", _SHIPPED.encode(), _shipped, ("--zone", "America/New_York")),
    Foreign("dumped_1.csv", b"1,x,2026-10-17\n2,,2026-10-18\n",
            lambda file: days(_csv(header=None, names=["entry_no", "word", "day"])(file), "day"), ("--columns", "entry_no,word,day")),
    Foreign("tills_1.zip", _zipped(a="till,shop,at,cash\n1,01,2026-10-17,1.10\n", b="till,shop,at,cash\n2,02,2026-10-18,20\n"),
            lambda file: days(_members(file), "at"), ("--key", "till")),
    Foreign("orders_1.json", json.dumps(_ORDERS, indent=1).encode(), _json(("placed",))),
    Foreign("clicks_1.jsonl", _lines(_CLICKS), _clicks),
    Foreign("stock_1.parquet", _parquet(_STOCK), lambda file: _of_utc(pd.read_parquet(file), "counted")),
    Foreign("readings_1.avro", _avro(), lambda file: pd.DataFrame(list(fastavro.reader(file.open("rb"))), dtype=object)),
    Foreign("plan_1.xlsx", _xlsx(),
            lambda file: _of_utc(days(pd.read_excel(file, keep_default_na=False, na_values=[""]), "opens"), "seen_at")),
)  # fmt: skip
"""A dozen of different shapes."""
