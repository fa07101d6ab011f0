"""Files on a disk and on S3: listings of any length, what is there, and what is never written over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from lakehouse.lake.files import (
    copy_in,
    exists,
    is_there,
    list_files,
    read_chunks,
    read_head,
    read_tail,
    read_text,
    remove_tree,
    write_whole,
)  # fmt: skip

OBJECTS = (0, 1, 999, 1000, 1001, 2500)
"""Around a page of S3's listing, which has 1,000 objects."""


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket with a folder n<count> for each number of objects."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        boto3.client("s3").create_bucket(Bucket="raw", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        moto = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]  # straight into its store: 6,500 requests would take a minute
        for count in OBJECTS:
            for number in range(count):
                moto.put_object("raw", f"n{count}/day/f{number:04}.csv", b"1")
        yield "s3://raw"


@pytest.mark.parametrize("count", OBJECTS)
def test_a_listing_has_every_object_once(bucket: str, count: int) -> None:
    found = [file.path for file in list_files(f"{bucket}/n{count}")]
    assert found == [f"day/f{number:04}.csv" for number in range(count)]


def test_a_longer_name_is_not_the_file_itself(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "f0000.csv").touch()
    for folder in (f"{bucket}/n1/day", str(tmp_path)):
        assert exists(f"{folder}/f0000.csv")
        assert not exists(f"{folder}/f0000")
        assert not exists(f"{folder}/f0000.csv.gz")


def test_a_file_that_is_there_is_not_written_again(bucket: str, tmp_path: Path) -> None:
    for folder in (f"{bucket}/whole", str(tmp_path / "whole")):
        assert write_whole(f"{folder}/a.csv", b"first")
        (before,) = list_files(folder)
        assert not write_whole(f"{folder}/a.csv", b"other")
        assert (read_text(f"{folder}/a.csv"), list_files(folder)) == ("first", [before])


def test_a_folder_goes_whole_and_leaves_those_with_a_longer_name(bucket: str, tmp_path: Path) -> None:
    names = ("orders/part-1", "orders/_delta_log/0.json", "orders/.hidden", "orders_old/part-1", "orders.csv")
    for root in (f"{bucket}/tree", str(tmp_path / "tree")):
        for name in names:
            write_whole(f"{root}/{name}", b"1")
        remove_tree(f"{root}/orders")
        assert [name for name in names if exists(f"{root}/{name}")] == ["orders_old/part-1", "orders.csv"]
        remove_tree(f"{root}/orders.csv")
        remove_tree(f"{root}/orders")
        assert [name for name in names if exists(f"{root}/{name}")] == ["orders_old/part-1"]


@pytest.mark.parametrize("content", [b"", b"a", b"abcdefg", b"abcdefgh", b"abcdefghi"])
def test_the_ends_of_a_file_are_its_own_on_a_disk_and_on_s3(bucket: str, tmp_path: Path, content: bytes) -> None:
    """The head has eight bytes at most, and an empty object has no range that S3 would give."""
    (tmp_path / "a.csv").write_bytes(content)
    copy_in(tmp_path / "a.csv", f"{bucket}/ends/a.csv")
    for root in (str(tmp_path), f"{bucket}/ends"):
        (file,) = list_files(root)
        assert read_head(root, file, 8) == content[:8]
        assert b"".join(read_chunks(root, file, 3)) == content
        if len(content) > 2:
            assert read_tail(root, file, 2) == content[-2:]


def test_a_folder_is_there_where_anything_lies_below_it(bucket: str, tmp_path: Path) -> None:
    for root in (f"{bucket}/there", str(tmp_path)):
        write_whole(f"{root}/orders_old/a.csv", b"1")
        assert [is_there(f"{root}/{name}") for name in ("orders_old", "orders_old/a.csv")] == [True, True]
        assert [is_there(f"{root}/{name}") for name in ("orders", "orders_old/a", "orders_old/b.csv")] == [False] * 3
