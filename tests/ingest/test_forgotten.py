"""A forgotten person's rows are left out when they come again, and found in raw files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from lakehouse.ingest.blanking import blank, records_of
from lakehouse.ingest.ingest import IngestResult, ingest_domain
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.erasures import ErasureState, Subject, begin_erasure, end_erasure, erasures_of
from lakehouse.lake.files import list_files
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context

BY = Signature("ada", "ticket 1")
ANN = Subject("crm", "crm_leads", "email", "ann@example.com", "ann@example.com")
HEADER = "lead_id,store_id,full_name,email,phone,source,status,created_at,updated_at,is_deleted"
TIMES = "2026-10-05T13:24:23Z,2026-10-05T13:26:23Z,false"
LEADS = {
    "L-1": f'L-1,S001,"Ann\n""A""",ann@example.com,,web,new,{TIMES}',
    "L-2": f"L-2,S001,Jo,joann@example.com,,web,new,{TIMES}",
    "L-3": "L-3,S001,Ann,ann@example.com,,web,new,yesterday,2026-10-05T13:26:23Z,false",  # breaks a rule
    "L-4": f"L-4,S001,Bo,bo@example.com,,web,ask ann@example.com,{TIMES}",  # another column names her
    "L-5": "L-5,ann@example.com",  # cannot be split
    "L-6": f"L-6,S001,Cy,,,web,new,{TIMES}",
}


def deliver(context: Context, name: str = "crm_leads.csv") -> IngestResult:
    file = Path(context.lake.landing("crm"), name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([HEADER, *LEADS.values(), ""]), encoding="utf-8")
    (result,) = ingest_domain(context, context.contracts.of("crm"))
    return result


def leads(lake: Lake, layer: str) -> list[str | None]:
    return sorted((row["lead_id"] for row in read_rows(lake.table(layer, "crm_leads"))), key=str)


def test_rows_of_a_forgotten_person_are_left_out(context: Context) -> None:
    begin_erasure(context.lake, [ANN], BY)
    result = deliver(context)
    assert leads(context.lake, "bronze") == ["L-2", "L-4", "L-6"]
    assert leads(context.lake, "quarantine") == ["L-5"]
    assert (result.rows_readable, result.rows_unreadable) == (3, 1)
    assert [line for line in result.drift if "2 rows of a person who was forgotten left out" in line]


def test_records_are_found_and_blanked_and_others_stay(context: Context) -> None:
    deliver(context)
    dataset = context.contracts.dataset("crm_leads")
    files = list_files(context.lake.landing("crm"))
    (found,) = records_of(context, dataset, files, [ANN])
    assert (found.whole, found.lines) == (None, ((2, 4), (5, 6), (7, 8)))
    blank(context.lake, "crm", found)
    text = Path(context.lake.landing("crm"), "crm_leads.csv").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if line.strip()]
    assert kept == [HEADER, LEADS["L-2"], LEADS["L-4"], LEADS["L-6"]]
    assert records_of(context, dataset, files, [ANN]) == []


def test_a_request_goes_on_until_it_is_verified(lake: Lake) -> None:
    first = begin_erasure(lake, [ANN], BY)
    assert begin_erasure(lake, [ANN], BY) == first
    other = begin_erasure(lake, [dataclasses.replace(ANN, column="full_name")], BY)
    assert (other.request != first.request, other.salt) == (True, first.salt)
    end_erasure(lake, first, ErasureState.VERIFIED, "3 files searched")
    again = begin_erasure(lake, [ANN], BY)
    assert again.request != first.request
    assert [entry.state for entry in erasures_of(lake)] == ["started", "started", "verified", "started"]
    assert ANN.value not in repr(erasures_of(lake))
    assert ANN.value not in repr(ANN)


@pytest.mark.parametrize("value", ["ann@example.com", "Ann"])
def test_the_ledger_holds_no_value(lake: Lake, value: str) -> None:
    begin_erasure(lake, [dataclasses.replace(ANN, value=value, canonical=value)], BY)
    for file in Path(lake.ops("erasures")).rglob("*"):
        assert not file.is_file() or value.encode() not in file.read_bytes()
