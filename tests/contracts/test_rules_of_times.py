"""How late a time may be, which of two rows of the same time counts, and bounds that are times."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.rules import in_words
from lakehouse.contracts.yaml_places import ContractError
from tests.contracts.shop import ALWAYS, dataset, rules


@pytest.mark.parametrize(
    ("custom", "latest"),
    [
        ("", "2026-11-29T01:30:00+00:00"),
        ("notAfterDelivery, value: 1d", "2026-11-29T01:30:00+00:00"),
        ("notAfterDelivery, value: 2h", "2026-11-28T03:30:00+00:00"),
        ("notAfterDelivery, value: 0m", "2026-11-28T01:30:00+00:00"),
        ("notAfterDelivery, value: off", None),
        ("notAfterDelivery, value: 'off'", None),
    ],
)
def test_a_time_may_lie_so_far_after_its_batch(tmp_path: Path, custom: str, latest: str | None) -> None:
    found = rules(dataset(tmp_path, custom=custom))
    limits = {name: rule.kwargs["max_value"] for name, rule in found.items() if name.endswith("not_after_delivery")}
    times = ("updated_at", "ordered_at")
    assert limits == ({f"{name}_not_after_delivery": latest for name in times} if latest else {})


@pytest.mark.parametrize(
    ("custom", "ties"),
    [("", "newest"), ("ties, value: newest", "newest"), ("ties, value: first", "first"),
     ("ties, value: quarantine", "quarantine")],
)  # fmt: skip
def test_only_quarantined_ties_have_a_rule(tmp_path: Path, custom: str, ties: str) -> None:
    found = dataset(tmp_path, custom=custom)
    assert found.ties == ties
    more = rules(found).keys() - ALWAYS
    assert more == ({"one_content_per_updated_at"} if ties == "quarantine" else set())


def test_how_late_a_time_may_be_is_said_in_words(tmp_path: Path) -> None:
    found = rules(dataset(tmp_path, custom="notAfterDelivery, value: 2h"))
    assert found["updated_at_not_after_delivery"].sentence == "updated_at is at most 2 hours after the delivery."
    assert [in_words(timedelta(minutes=number)) for number in (0, 1, 90, 60, 1440, 2880)] == [
        "0 days", "1 minute", "90 minutes", "1 hour", "1 day", "2 days",
    ]  # fmt: skip


def test_times_are_bounded_by_times(tmp_path: Path) -> None:
    found = dataset(tmp_path)
    assert [rule.name for rule in found.rules if "minimum" in rule.name] == []
    text = (
        (tmp_path / "shop.yaml")
        .read_text()
        .replace(
            "ordered_at, physicalType: timestamp",
            "ordered_at, physicalType: timestamp, logicalTypeOptions: {minimum: %s}",
        )
    )
    for written, limit in (("2020-01-01", "2020-01-01"), ("'2020-01-01T00:00:00Z'", "2020-01-01T00:00:00Z")):
        (tmp_path / "shop.yaml").write_text(text % written)
        (found,) = read_contract(tmp_path / "shop.yaml").datasets
        (rule,) = (rule for rule in found.rules if rule.name == "ordered_at_minimum")
        assert rule.kwargs["min_value"] == limit
    (tmp_path / "shop.yaml").write_text(text % "soon")
    with pytest.raises(ContractError, match="must be a date or time as in ISO 8601, found 'soon'"):
        read_contract(tmp_path / "shop.yaml")
