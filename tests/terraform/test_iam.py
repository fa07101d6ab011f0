"""The evaluator of policies itself: what it lets pass, what it denies, and that it never guesses."""

from __future__ import annotations

from typing import Any

import pytest

from tools.policy.iam import Call, is_allowed

BUCKET = "arn:aws:s3:::lake"


def statement(effect: str = "Allow", **words: Any) -> dict[str, Any]:
    """A statement about reading the lake, unless told otherwise."""
    return {"Effect": effect, "Action": ["s3:GetObject"], "Resource": [f"{BUCKET}/erp/*"], **words}


READ = Call.of("s3:GetObject", f"{BUCKET}/erp/day/file")


def test_what_nobody_allows_is_denied() -> None:
    assert not is_allowed([], READ)
    assert not is_allowed([statement(Action="s3:PutObject")], READ)
    assert not is_allowed([statement(Resource=f"{BUCKET}/crm/*")], READ)


def test_a_word_with_wild_cards_covers_slashes_and_any_case_of_actions() -> None:
    assert is_allowed([statement()], READ)
    assert is_allowed([statement(Action="S3:getobject")], READ)
    assert is_allowed([statement(Resource=f"{BUCKET}/e?p/*")], READ)
    assert not is_allowed([statement(Resource=f"{BUCKET}/ERP/*")], READ)
    assert not is_allowed([statement(Resource=f"{BUCKET}/[a-z]rp/*")], READ)
    assert not is_allowed([statement()], Call.of("s3:GetObject", f"{BUCKET}/erp"))


def test_a_denial_beats_every_permission() -> None:
    assert not is_allowed([statement(), statement("Deny")], READ)
    assert is_allowed([statement(), statement("Deny", Resource=f"{BUCKET}/erp/secret/*")], READ)


@pytest.mark.parametrize(
    ("condition", "prefix", "expected"),
    [
        ({"StringLike": {"s3:prefix": ["erp", "erp/*"]}}, "erp/day", True),
        ({"StringLike": {"s3:prefix": ["erp", "erp/*"]}}, "erp2/day", False),
        ({"StringLike": {"s3:prefix": "erp/*"}}, "erp/", True),
        ({"StringEquals": {"s3:prefix": ["erp/*"]}}, "erp/day", False),
        ({"StringLike": {"s3:prefix": ["erp/*"]}, "Bool": {"aws:SecureTransport": ["true"]}}, "erp/day", False),
    ],
)
def test_conditions(condition: dict[str, Any], prefix: str, expected: bool) -> None:
    listing = [statement(Action="s3:ListBucket", Resource=BUCKET, Condition=condition)]
    assert is_allowed(listing, Call.of("s3:ListBucket", BUCKET, s3_prefix=prefix)) is expected
    assert not is_allowed(listing, Call.of("s3:ListBucket", BUCKET)), "a circumstance that is not told fails"


@pytest.mark.parametrize(
    "words", [{"NotAction": ["s3:PutObject"]}, {"Condition": {"NumericLessThan": {"s3:prefix": ["1"]}}}]
)
def test_what_it_does_not_know_it_refuses_to_judge(words: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        is_allowed([statement(**words)], Call.of("s3:GetObject", f"{BUCKET}/erp/file", s3_prefix="x"))
