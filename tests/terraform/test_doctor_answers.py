"""`lakehouse doctor` where AWS answers as it should not: nothing in the account changes, so that one serves all."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.terraform.account_faults import ANSWERS
from tests.terraform.conftest import checked_out
from tests.terraform.whole_account import Account, FakeIam, furnished


@pytest.fixture(scope="module")
def furnished_once(applied_dev: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with checked_out(applied_dev, tmp_path_factory.mktemp("checkout")) as checkout:
        account = furnished(checkout, applied_dev)
        yield account
        assert account.wrong() == [], "a fault has changed the account itself, and belongs to FAULTS"


@pytest.fixture
def whole(furnished_once: Account) -> Account:
    """The account with answers of its own."""
    outputs, airflow = copy.deepcopy(furnished_once.outputs), copy.deepcopy(furnished_once.airflow)
    return replace(furnished_once, outputs=outputs, airflow=airflow, iam=FakeIam(), others={})


@pytest.mark.parametrize(("plant", "line"), ANSWERS, ids=[line[4:40] for _, line in ANSWERS])
def test_an_answer_that_is_wrong_is_named_with_what_to_do(
    whole: Account, plant: Callable[[Account], Any], line: str
) -> None:
    plant(whole)
    wrong = whole.wrong()
    assert [one for one in wrong if line in one], wrong
    assert all("; wanted " in one for one in wrong)
