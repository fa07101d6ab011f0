"""The page of a certificate says what the certificate says, and what it holds stays text."""

from __future__ import annotations

import re
from typing import Any

from lakehouse.site.certificate import certificate_page

CERTIFICATE: dict[str, Any] = {
    "request": "20261129-120000-ab12",
    "who": "ada <ops>",
    "why": "ticket 4711",
    "begun": "2026-11-29T12:00:00+00:00",
    "verified": "2026-11-29T12:10:00+00:00",
    "result": "nothing found",
    "known by": [{"dataset": "crm_leads", "column": "email", "digest": "0a1b"}],
    "digest": "sha256 of the lake's salt and the value; the salt is in ops.erasures",
    "found by": {"bytes": ["UTF-8", "hex"], "columns": ["crm/crm_leads:email"], "columns alone": []},
    "searched below": ["s3://curated", "s3://raw/raw"],
    "searched": {
        "raw": {"files": 3, "bytes": 12345, "not_opened": 0},
        "versions": {"files": 2, "bytes": 7, "not_opened": 1},
    },
    "not searched": ["exports & backups", "the replica s3://copy"],
    "time travel given up before version": {"silver.crm_leads": 4},
}


def words(page: str) -> str:
    body = page.partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_everything_is_on_the_page() -> None:
    page = certificate_page(CERTIFICATE)
    said = words(page)
    assert said == (
        "nothing found Erasure 20261129-120000-ab12 who ada &lt;ops&gt; why ticket 4711 "
        "begun 2026-11-29T12:00:00+00:00 verified 2026-11-29T12:10:00+00:00 "
        "What was searched place files bytes not opened raw 3 12,345 0 versions 2 7 1 "
        "By what the person was known dataset column digest crm_leads email 0a1b "
        "What was not searched exports &amp; backups the replica s3://copy "
        "How digest sha256 of the lake&#39;s salt and the value; the salt is in ops.erasures "
        "found by bytes: UTF-8, hex; columns: crm/crm_leads:email; columns alone: – "
        "searched below s3://curated, s3://raw/raw time travel given up before version silver.crm_leads: 4 "
        "Times are UTC. This page needs no network."
    )
    assert "<script" not in page


def test_a_lake_without_history_has_its_page() -> None:
    assert "given up before version –" in words(
        certificate_page({**CERTIFICATE, "time travel given up before version": {}})
    )
