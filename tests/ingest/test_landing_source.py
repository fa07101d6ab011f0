"""A delivery is a folder, a file, a pattern, or the same on S3; hidden files and folders below are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakehouse.contracts.project import Project
from lakehouse.ingest.landing import LandingError, deliver
from lakehouse.ingest.landing_source import files_at
from lakehouse.lake.paths import Lake

FILES = ("in/a1.csv", "in/a2.csv", "in/b [1].csv", "in/.hidden.csv", "in/more/a3.csv", "in2/a4.csv")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="drop", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        for name in (*FILES, "in/folder/"):
            client.put_object(Bucket="drop", Key=name, Body=name.encode())
        yield client


PLACES: dict[str, list[str] | None] = {
    "in": ["a1.csv", "a2.csv", "b [1].csv"],
    "in/": ["a1.csv", "a2.csv", "b [1].csv"],
    "in/a2.csv": ["a2.csv"],
    "in/a*.csv": ["a1.csv", "a2.csv"],
    "in/a?.csv": ["a1.csv", "a2.csv"],
    "in/x*.csv": [],
    "out": None,
    "in/a9.csv": None,
}


@pytest.mark.parametrize("place", PLACES)
def test_places_on_a_disk_and_on_s3(tmp_path: Path, bucket: Any, place: str) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    for root in (str(tmp_path), "s3://drop"):
        found = files_at(f"{root}/{place}")
        assert (found if found is None else [file.name for file in found]) == PLACES[place], root


def test_a_file_whose_name_looks_like_a_pattern_and_one_of_any_depth(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert [file.name for file in files_at(f"{tmp_path}/in/b [1].csv") or ()] == ["b [1].csv"]
    assert [file.name for file in files_at(f"{tmp_path}/**/a*.csv") or ()] == ["a1.csv", "a2.csv", "a3.csv", "a4.csv"]


def test_a_delivery_on_s3_reaches_the_raw_layer_once(lake: Lake, project: Project, bucket: Any) -> None:
    bucket.put_object(Bucket="drop", Key="day/products_1.csv", Body=b"product_id\nP1\n")
    place = "s3://drop/day"
    first = deliver(place, lake, project.contracts)
    second = deliver(f"{place}/prod*.csv", lake, project.contracts)
    assert (len(first.new_files), second.new_files, first.raw_files) == (1, (), second.raw_files)
    assert (Path(lake.landing("products")).parent / first.raw_files[0]).read_bytes() == b"product_id\nP1\n"


@pytest.mark.parametrize(
    ("place", "words"),
    [("nowhere", "does not exist"), ("*.txt", "has no file"), ("a.txt", "has 1 file, but no name matches")],
)
def test_a_place_without_a_delivery_is_one_line(
    lake: Lake, project: Project, tmp_path: Path, place: str, words: str
) -> None:
    if place == "a.txt":
        (tmp_path / place).write_text("")
    with pytest.raises(LandingError) as caught:
        deliver(f"{tmp_path}/{place}", lake, project.contracts)
    assert str(caught.value).startswith(f"Landing folder {tmp_path}/{place} {words}; expected files named ")
