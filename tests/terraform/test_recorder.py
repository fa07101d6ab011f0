"""The stand-in that enforces a role answers as S3 does, for objects that are not there too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.terraform.recorder import Recorder
from tools.policy.calls import REGION

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
READ = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::lake/*"]}
DECRYPT = {"Sid": "Key", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [KEY]}
LIST = {
    "Sid": "List", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::lake"],
    "Condition": {"StringLike": {"s3:prefix": ["silver/*"]}},
}  # fmt: skip
Head = Callable[[str, str], int]


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    """Asks for an object in a role; returns the status."""
    recorder = Recorder({"reader": [READ, DECRYPT], "lister": [READ, DECRYPT, LIST]}, KEY)
    stop = recorder.start()
    words = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
    s3: Any = boto3.client("s3", endpoint_url=recorder.address, **words)
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="lake", Key="silver/a b", Body=b"1")

    def ask(role: str, key: str) -> int:
        recorder.role = role
        try:
            return int(s3.head_object(Bucket="lake", Key=key)["ResponseMetadata"]["HTTPStatusCode"])
        except ClientError as error:
            return int(error.response["ResponseMetadata"]["HTTPStatusCode"])

    yield ask
    stop()


@pytest.mark.parametrize(
    ("role", "key", "status"),
    [
        ("reader", "silver/a b", 200),
        ("reader", "silver/missing", 403),
        ("lister", "silver/a b", 200),
        ("lister", "silver/missing here", 404),
        ("lister", "bronze/missing", 403),
    ],
)
def test_a_missing_object_is_refused_to_who_may_not_list_it(head: Head, role: str, key: str, status: int) -> None:
    assert head(role, key) == status
