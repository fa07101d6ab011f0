"""A delivery reaches the raw layer: every content of every name once, and what is listed there later."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakehouse import log
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.ingest.landing import MOST_NAMED, Delivery, LandingError, dataset_of, deliver, settle, unclaimed
from lakehouse.lake.batches import Batch, BatchState, record_batches
from lakehouse.lake.files import list_files, read_chunks, read_head, read_tail
from lakehouse.lake.landed import landed_in
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context

HEADER = "product_id,name,category,list_price,unit_cost,is_active,updated_at\n"
P1 = "P1,Tea,food,3.50,1.00,true,2026-10-12T10:00:00Z\n"
P2 = "P2,Mug,home,,2.00,true,2026-10-12T10:00:00Z\n"


@pytest.fixture
def contracts(project: Project) -> Contracts:
    return project.contracts


@pytest.fixture
def products(contracts: Contracts) -> Dataset:
    return contracts.dataset("products")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield client


def put(folder: str | Path, **files: str) -> Path:
    """Write files called <name>.csv into a folder."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (Path(folder) / f"{name}.csv").write_text(text)
    return Path(folder)


def test_every_content_of_a_name_is_kept_once(lake: Lake, contracts: Contracts, tmp_path: Path) -> None:
    folder, seen = tmp_path / "delivery", []
    for text in (HEADER + P1, HEADER + P2, HEADER + P1):
        delivery = deliver(put(folder, products=text), lake, contracts)
        seen.append((delivery.raw_files, delivery.new_files))
        assert deliver(folder, lake, contracts) == Delivery(delivery.raw_files, (), ())
    (first, new_first), (second, new_second), (third, new_third) = seen
    assert (new_first, new_second, new_third) == (first, second, ())
    assert first == third != second
    kept = {
        f"products/{file.path}": read_head(f"{lake.raw}/products", file) for file in list_files(f"{lake.raw}/products")
    }
    assert kept == {first[0]: (HEADER + P1).encode(), second[0]: (HEADER + P2).encode()}


def test_what_is_not_ours_stays_where_it_is(lake: Lake, contracts: Contracts, tmp_path: Path) -> None:
    folder = put(tmp_path / "delivery", products=HEADER, products_b=HEADER, notes="hello", product="?")
    put(folder / "sub", products=HEADER + P1)
    put(folder, **{".products": HEADER})
    delivery = deliver(folder, lake, contracts)
    assert delivery.unmatched == ("notes.csv", "product.csv")
    assert [Path(file).name for file in delivery.new_files] == ["products.csv", "products_b.csv"]
    everything = [path for path in Path(lake.raw).rglob("*") if path.is_file()]
    assert sorted(path.name for path in everything) == ["products.csv", "products_b.csv"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (None, "does not exist; expected files named"),
        ({}, "has no file; expected files named"),
        ({"notes": "hello"}, "has 1 file, but no name matches; expected"),
        ({"notes": "hello", "more": ""}, "has 2 files, but no name matches; expected"),
    ],
)
def test_a_delivery_with_nothing_for_us(
    lake: Lake, contracts: Contracts, tmp_path: Path, files: dict[str, str] | None, words: str
) -> None:
    folder = tmp_path / "delivery" if files is None else put(tmp_path / "delivery", **files)
    with pytest.raises(LandingError, match=words) as caught:
        deliver(folder, lake, contracts)
    assert r"web_events*.json" in str(caught.value)
    assert not Path(lake.raw).exists()


def test_the_longest_pattern_takes_a_file(contracts: Contracts, products: Dataset) -> None:
    contract = contracts.of("products")
    prices = replace(products, name="prices", file_pattern="products_prices*.csv")
    both = Contracts((replace(contract, datasets=(products, prices)),))
    found = [dataset_of(both, name) for name in ("products.csv", "products_prices_1.csv", "Products.csv", "x.csv")]
    assert [dataset and dataset.name for dataset in found] == ["products", "prices", None, None]


def test_listing_a_disk(tmp_path: Path) -> None:
    put(tmp_path / "b", products="1")
    put(tmp_path / "a", **{"products": "22", ".hidden": "", "_SUCCESS": ""})
    put(tmp_path / "_temporary", products="")
    put(tmp_path / ".staging" / "c", products="")
    first = list_files(str(tmp_path))
    assert [(file.path, file.name, file.size) for file in first] == [
        ("a/products.csv", "products.csv", 2), ("b/products.csv", "products.csv", 1),
    ]  # fmt: skip
    assert list_files(str(tmp_path)) == first
    os.utime(tmp_path / "a/products.csv", ns=(0, 1_000_000_001))
    assert list_files(str(tmp_path))[0].version == "1970-01-01T00:00:01.000000001Z"
    assert list_files(str(tmp_path / "nowhere")) == []


def test_listing_an_object_store(bucket: Any) -> None:
    for key, body in {"x/a/p.csv": b"12345", "x/": b"", "x/_tmp/p.csv": b"1", "x/e.csv": b"", "xy/p.csv": b"1"}.items():
        bucket.put_object(Bucket="raw", Key=key, Body=body)
    first = list_files("s3://raw/x")
    assert [(file.path, file.size) for file in first] == [("a/p.csv", 5), ("e.csv", 0)]
    assert [read_head("s3://raw/x", file, 3) for file in first] == [b"123", b""]
    assert list(read_chunks("s3://raw/x", first[0], 2)) == [b"12", b"34", b"5"]
    assert read_tail("s3://raw/x", first[0], 2) == b"45"
    assert list_files("s3://raw/x") == first
    bucket.put_object(Bucket="raw", Key="x/a/p.csv", Body=b"54321")
    assert list_files("s3://raw/x")[0].version != first[0].version


def test_raw_files_that_no_dataset_of_the_domain_takes_are_named(lake: Lake, contracts: Contracts) -> None:
    """Case B26: another suffix, other letters, another domain's file."""
    erp, folder = contracts.of("erp"), Path(lake.landing("erp"), "n1")
    folder.mkdir(parents=True)
    names = ("ERP_ORDERS_1.CSV", "erp_orders_1.csv", "erp_orders_1.csv.gz", "products_1.csv", "_tmp.csv")
    for name in names:
        (folder / name).touch()
    lines = unclaimed(contracts, erp, list_files(lake.landing("erp")))
    assert [line.split(",")[0] for line in lines] == [
        f"raw/erp/n1/{name}: skipped" for name in ("ERP_ORDERS_1.CSV", "erp_orders_1.csv.gz", "products_1.csv")
    ]
    assert "no filePattern of erp matches it (erp_orders*.csv)" in lines[0]
    assert "its name belongs to raw/products/" in lines[2]


def test_the_job_names_them_in_its_log(project: Project, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case B26 again: not only the local run. Nothing of it needs Spark."""
    logged: list[tuple[str, str]] = []
    monkeypatch.setattr(log, "warning", lambda message, **facts: logged.append((message, facts["what"].split(",")[0])))
    context = Context(project, lake, lambda: pytest.fail("a session was started"))
    folder = Path(lake.landing("erp"), "n1")
    folder.mkdir(parents=True)
    names = ("ERP_ORDERS_2026-11-21.CSV", "erp_orders_2026-11-21.csv.gz", "products_2026-11-21.csv")
    for name in names:
        (folder / name).touch()
    for run in (1, 2):
        assert ingest_domain(context, context.contracts.of("erp")) == []
        assert logged == [("file skipped", f"raw/erp/n1/{name}: skipped") for name in names] * run


def test_of_many_files_that_nobody_takes_some_are_named(lake: Lake, contracts: Contracts) -> None:
    folder = Path(lake.landing("erp"))
    folder.mkdir(parents=True)
    for number in range(MOST_NAMED + 7):
        (folder / f"{number:03}.txt").touch()
    lines = unclaimed(contracts, contracts.of("erp"), list_files(str(folder)))
    assert len(lines) == MOST_NAMED + 1
    assert lines[-1] == "raw/erp/: 7 more files skipped"


def test_what_was_dealt_with_is_what_is_in_a_batch_or_nobodys(lake: Lake, contracts: Contracts) -> None:
    erp, orders = contracts.of("erp"), contracts.dataset("erp_orders")
    put(lake.landing("erp"), erp_orders_1="a", erp_orders_2="b", notes="c")
    first, second, notes = list_files(lake.landing("erp"))
    batch = Batch("erp_orders", 1, BatchState.REFUSED, (first,), "no", 0, "run", datetime.now(UTC))
    record_batches(lake, orders, lambda known: [] if known else [batch])
    settle(lake, contracts, erp, [first, second, notes])
    text = Path(lake.landed("erp")).read_text()
    assert landed_in(text) == {first.path: first.version, notes.path: notes.version}
    inode = Path(lake.landed("erp")).stat().st_ino
    settle(lake, contracts, erp, [first, second, notes])
    assert Path(lake.landed("erp")).stat().st_ino == inode, "nothing new is written again"
    settle(lake, contracts, erp, [first, second, notes], {second: ("order_id", "day"), notes: ("nobody's",)})
    assert json.loads(Path(lake.landed("erp")).read_text())["columns"] == {"erp_orders": ["day", "order_id"]}
