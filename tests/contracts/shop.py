"""A small contract with words for two of its columns, and the rules that come of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.rules import with_contract_rules
from lakehouse.contracts.suite import Rule, Suite

DELIVERED = datetime(2026, 11, 28, 1, 30, tzinfo=UTC)
CONTRACT = """apiVersion: v3.1.0
domain: shop
name: Shop
description: {purpose: Orders.}
team: {name: shop, members: [{username: shop@retail.example, role: owner}]}
slaProperties:
  - {property: frequency, schedule: "0 3 * * *"}
  - {property: timeOfAvailability, value: "06:00"}
schema:
  - name: orders
    description: Orders.
    customProperties:
      - {property: filePattern, value: '*'}
      - {property: fileFormat, value: csv}
      - {property: mergeStrategy, value: upsert}
      - {property: sequenceBy, value: updated_at}
      - {property: dateColumn, value: ordered_at}
      - {property: deleteFlag, value: is_deleted}
      - {property: partitionBy, value: []}
      - {property: clusterBy, value: [id]}
      - {property: quarantineLimitPercent, value: 20}
%s
    properties:
      - {name: id, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, description: ID.}
      - {name: updated_at, physicalType: timestamp, description: When.}
      - {name: ordered_at, physicalType: timestamp, description: When.}
      - {name: is_deleted, physicalType: boolean, description: Whether.}
      - {name: amount, physicalType: "decimal(12,2)", description: Amount.%s}
      - {name: note, physicalType: string, description: Note.%s}
"""
ALWAYS = {
    "id_required", "updated_at_required", "ordered_at_required", "is_deleted_required",
    "updated_at_not_after_delivery", "ordered_at_not_after_delivery",
}  # fmt: skip


def dataset(folder: Path, amount: str = "", note: str = "", custom: str = "", whole: str = "") -> Dataset:
    """The dataset with these words for two of its columns, one custom property and words for all of it."""
    properties = f"      - {{property: {custom}}}" if custom else ""
    text = CONTRACT % (properties + (f"\n    {whole}" if whole else ""), _more(amount), _more(note))
    path = folder / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    (found,) = read_contract(path).datasets
    return found


def _more(words: str) -> str:
    return f", {words}" if words else ""


def rules(found: Dataset, *suite: Rule) -> dict[str, Rule]:
    """What the contract adds to a suite of these rules, by name."""
    whole = with_contract_rules(Suite("orders", suite), found, DELIVERED)
    assert whole.expectations[: len(suite)] == suite
    return {rule.name: rule for rule in whole.expectations[len(suite) :]}


def only(found: Dataset) -> Rule:
    """The one rule beyond those that every such contract has."""
    (name,) = rules(found).keys() - ALWAYS
    return rules(found)[name]
