"""Calls beside those that a role needs (another table, bucket, account), and policies that are less or more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tools.policy.iam import Call, Statement

OTHER_ACCOUNT = "999999999999"
# Who works on all tables of a layer; everybody else on named tables alone.
WHOLE_LAYERS: Mapping[str, frozenset[str]] = {
    "transform_marts": frozenset({"silver", "marts"}),
    "publish_marts": frozenset({"bronze", "silver", "quarantine", "marts", "pinned"}),
    "maintain_lakehouse": frozenset({"bronze", "silver", "quarantine", "marts"}),
    "analysts": frozenset({"marts"}),
}
# Databases in which a role may meet tables whose names nobody knows beforehand.
WHOLE_DATABASES: Mapping[str, frozenset[str]] = {
    "publish_marts": frozenset({"analytics", "marts", "ops", "pinned", "quarantine", "silver"}),
    "airflow": frozenset({"analytics"}),
    "analysts": frozenset({"analytics", "marts"}),
}
# Names that go on as Amazon chooses.
OPEN_ENDED = ("airflow-celery-", "log-group:airflow-", "crawlers-role")


def neighbours(role: str, calls: Iterable[Call]) -> Iterator[Call]:
    """The calls with another word in the place of each that the role is bound to."""
    for call in calls:
        if call.resource != "*":
            for resource in _other_resources(role, call):
                yield Call(call.action, resource, call.context)
        for name, value in call.context:
            for other in _other_values(role, name, value):
                yield Call(call.action, call.resource, tuple((n, other if n == name else v) for n, v in call.context))


def dropped(policy: Sequence[Statement]) -> Iterator[tuple[str, str, list[Statement]]]:
    """The policy without each action of each statement that allows something."""
    for number, statement in enumerate(policy):
        for action in statement["Action"] if statement["Effect"] == "Allow" else ():
            less = {**statement, "Action": [other for other in statement["Action"] if other != action]}
            yield statement["Sid"], action, [*policy[:number], less, *policy[number + 1 :]]


def widened(policy: Sequence[Statement]) -> Iterator[tuple[str, Statement]]:
    """Each statement that allows something, with each of its resources made wider, or without one of its conditions."""
    for statement in policy:
        if statement["Effect"] != "Allow":
            continue
        for resource in statement["Resource"]:
            for wider in _wider_than(resource):
                yield f"{resource} -> {wider}", {**statement, "Resource": [wider]}
        conditions = statement.get("Condition", {})
        for operator, key in ((operator, key) for operator, keys in conditions.items() for key in keys):
            kept = {name: {k: v for k, v in keys.items() if k != key} for name, keys in conditions.items()}
            yield f"without {operator} {key}", {**statement, "Condition": kept}


def _wider_than(resource: str) -> set[str]:
    """Everything; all that lies beside it; and names that only begin like it."""
    if resource == "*":
        return set()
    begin = resource.rstrip("*").rstrip("/")
    return {"*", f"{begin}*", re.sub(r"[^/:]*$", "*", begin, count=1)} - {resource}


def _other_resources(role: str, call: Call) -> Iterator[str]:
    *head, account, name = call.resource.split(":", 5)
    if account not in ("", OTHER_ACCOUNT):
        yield ":".join([*head, OTHER_ACCOUNT, name])
    parts = name.split("/")
    bound = 1 + _bound_folders(role, parts[1:]) if head[2] == "s3" else _bound_parts(role, call.action, parts)
    for other in _others(parts, bound):
        yield ":".join([*head, account, other])


def _other_values(role: str, name: str, value: str) -> Iterator[str]:
    if name == "s3:prefix":
        yield ""  # the whole bucket
        yield from _others(value.split("/"), _bound_folders(role, value.split("/")))
    # Jobs, crawlers and Airflow use the key for bookmarks, logs and messages too.
    elif name != "kms:ViaService" or role == "analysts":
        yield f"x.{value}"


def _others(parts: Sequence[str], bound: int) -> Iterator[str]:
    """The name with each of its first parts replaced by a longer one."""
    for place, part in enumerate(parts[:bound]):
        kind, colon, word = part.rpartition(":")
        before = f"{kind}{colon}x_{word}"
        longer = (before,) if part.startswith(OPEN_ENDED) else (f"{part}_x", before)
        for other in longer:
            yield "/".join([*parts[:place], other, *parts[place + 1 :]])


def _bound_folders(role: str, folders: Sequence[str]) -> int:
    """How many folders of a key a role is bound to."""
    first, second = (*folders, "", "")[:2]
    if first != "curated":
        return 2 if first in ("packages", "raw", "spark-ui") else 1
    whole = WHOLE_LAYERS.get(role, frozenset())
    if folders[3:4] == ["_delta_log"] and role == "airflow":
        return 4
    if second == "ops":
        return 3 if role in ("airflow", "analysts") else 2
    return 2 if second in whole or (role, second) == ("airflow", "docs") else 3


def _bound_parts(role: str, action: str, parts: Sequence[str]) -> int:
    """How many parts of a name are a role's own, of what is not in S3."""
    if parts[0] == "table":
        whole = {"landing"} if role.startswith("landing_") else WHOLE_DATABASES.get(role, frozenset())
        if action in ("glue:CreateTable", "glue:UpdateTable") and role == "publish_marts":
            whole = {"ops", "pinned"}
        return 2 if parts[1] in whole else 3
    return {"log-group:": 3, "parameter": 4}.get(parts[0], 2)
