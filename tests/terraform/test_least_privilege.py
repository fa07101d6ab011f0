"""Each role has what it needs and no more: every action is dropped, every resource widened, every condition removed.

The tests go over the applied policies by machine, so that a new statement is held as soon as it is there. What an
action is for stands in the recorded calls or in `needs.py`; what no call needs does not belong into a policy.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.terraform.needs import REPEATED, needs
from tests.terraform.neighbours import dropped, neighbours, widened
from tools.policy.iam import Call, is_allowed


@pytest.fixture(scope="module")
def wanted(applied_dev: Any) -> dict[str, list[Call]]:
    """What each role needs."""
    return needs(applied_dev)


def test_every_role_may_do_what_it_needs(applied: Any) -> None:
    found = needs(applied)
    assert set(found) == set(applied.policies)
    lacking = [(role, c) for role, calls in found.items() for c in calls if not is_allowed(applied.policy(role), c)]
    assert not lacking


def test_no_action_can_be_dropped_unnoticed(applied_dev: Any, wanted: dict[str, list[Call]]) -> None:
    idle = [
        (role, sid, action)
        for role, calls in wanted.items()
        for sid, action, without in dropped(applied_dev.policy(role))
        if (role, sid) not in REPEATED and all(is_allowed(without, call) for call in calls if call.action == action)
    ]
    assert not idle, "no call needs these: remove them from the policy, or say in needs.py what they are for"


def test_statements_that_repeat_others_are_still_there(applied_dev: Any) -> None:
    for role, sid in REPEATED:
        assert sid in {statement["Sid"] for statement in applied_dev.policy(role)}


def test_what_lies_beside_the_needs_of_a_role_is_closed(applied_dev: Any, wanted: dict[str, list[Call]]) -> None:
    beside = [(role, call) for role, calls in wanted.items() for call in set(neighbours(role, calls))]
    assert len(beside) > 1000
    assert not [(role, call) for role, call in beside if is_allowed(applied_dev.policy(role), call)]


def test_no_resource_can_be_widened_and_no_condition_removed_unnoticed(
    applied_dev: Any, wanted: dict[str, list[Call]]
) -> None:
    unnoticed = []
    for role, calls in wanted.items():
        closed = sorted(set(neighbours(role, calls)))
        of_actions = cache(lambda actions, closed=closed: [call for call in closed if call.action in actions])
        for change, statement in widened(applied_dev.policy(role)):
            if not any(is_allowed([statement], call) for call in of_actions(frozenset(statement["Action"]))):
                unnoticed.append((role, statement["Sid"], change))
    assert not unnoticed
