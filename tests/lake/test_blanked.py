"""An object out of which records were taken is the delivery that it was, whenever the process died."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakehouse.contracts.project import Project
from lakehouse.ingest.blanking import Records, blank
from lakehouse.lake.batches import Batch, BatchState, batches_of, record_batches
from lakehouse.lake.blanked import blanked_since, enter_blanked
from lakehouse.lake.delta_log import recorded
from lakehouse.lake.files import StoredFile, list_files
from lakehouse.lake.paths import Lake

LAKE = Lake("s3://landed/raw", "s3://curated/curated")
TEXT = b"id,email\nL-1,ann@example.com\nL-2,bob@example.com\n"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="landed")
        yield client


def delivered(s3: Any, name: str = "crm_leads.csv", text: bytes = TEXT) -> StoredFile:
    key = f"raw/crm/v1/{name}"
    s3.put_object(Bucket="landed", Key=key, Body=text, ContentType="text/csv", Metadata={"sent-by": "ann@example.com"})
    return next(file for file in list_files(LAKE.landing("crm")) if file.name == name)


def test_a_blanked_object_is_known_by_what_it_was(s3: Any, project: Project) -> None:
    dataset, before = project.contracts.dataset("crm_leads"), delivered(s3)
    after = blank(LAKE, "crm", Records(before, 1, ((2, 3),), separator="\n"))
    found = s3.get_object(Bucket="landed", Key="raw/crm/v1/crm_leads.csv")
    assert found["Body"].read() == b"id,email\n                   \nL-2,bob@example.com\n"
    assert (found["ContentType"], found["Metadata"]) == ("text/csv", {"lakehouse-was": before.version})
    assert list_files(LAKE.landing("crm")) == [after]
    assert (after.size, after.version == before.version) == (before.size, False)
    assert blanked_since(LAKE, dataset, [after], {before}) == {after: before}
    assert blanked_since(LAKE, dataset, [after], {after}) == {}, "it was entered"
    again = blank(LAKE, "crm", Records(after, 1, ((2, 3),), separator="\n"))
    assert (again, list_files(LAKE.landing("crm"))) == (after, [after]), "blanks are not written twice"


def test_another_content_of_the_same_size_is_a_delivery(s3: Any, project: Project) -> None:
    before = delivered(s3)
    corrected = delivered(s3, text=TEXT.replace(b"bob", b"bea"))
    assert corrected.size == before.size
    dataset = project.contracts.dataset("crm_leads")
    assert blanked_since(LAKE, dataset, [corrected], {before}) == {}


def test_the_batch_of_a_blanked_file_has_what_became_of_it(lake: Lake, project: Project) -> None:
    a, b, c = (StoredFile(f"v1/{name}.csv", 9, "1") for name in "abc")
    after = StoredFile("v1/b.csv", 9, "2")
    leads, orders = project.contracts.dataset("crm_leads"), project.contracts.dataset("erp_orders")
    for dataset in (leads, orders):
        batches = [
            Batch(dataset.name, number, BatchState.PLANNED, files, None, 0, "r", datetime.now(UTC))
            for number, files in ((1, (a, b)), (2, (c,)))
        ]
        record_batches(lake, dataset, lambda known, new=batches: new)  # type: ignore[misc]
    enter_blanked(lake, leads, {after: b})
    enter_blanked(lake, leads, {after: b})
    assert [(batch.batch_id, batch.files) for batch in batches_of(lake, leads)] == [(1, (a, after)), (2, (c,))]
    assert [(batch.batch_id, batch.files) for batch in batches_of(lake, orders)] == [(1, (a, b)), (2, (c,))]
    assert recorded(lake.ops("batches"), "batches:crm_leads") == 2
    version = len(list(Path(lake.ops("batches"), "_delta_log").glob("*.json")))
    enter_blanked(lake, leads, {})
    assert len(list(Path(lake.ops("batches"), "_delta_log").glob("*.json"))) == version
