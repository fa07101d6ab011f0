"""Each change of a contract is breaking, widening or free for each consumer, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.changes import Change, Effect, changes
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.reader import load_contracts
from lakehouse.contracts.readers import find_readers, reached, without_unread
from tests.helpers.small_project import CONTRACT, spoiled, write_project

NEW = "      - {name: colour, physicalType: string, required: REQUIRED, description: Colour.}\n"
AFTER = "      - {name: seq,"
NOTE = "      - {name: note, physicalType: string, required: false, description: Note.}\n"
QUALITY = ", quality: [{metric: nullValues, mustBe: 0}]"
WIDENS = spoiled("property: quarantineLimitPercent", "property: typeWidening, value: rewrite}\n      - {property: quarantineLimitPercent")  # fmt: skip  # noqa: E501
STRUCT = spoiled("physicalType: string", "physicalType: struct, properties: [{name: x, physicalType: int, description: X.}]")  # fmt: skip  # noqa: E501

LIST = spoiled(
    "physicalType: string",
    "physicalType: array, items: {physicalType: struct, properties: [{name: x, physicalType: int, description: X.}]}",
    spoiled("fileFormat, value: csv", "fileFormat, value: json_lines"),
)


def read(tmp_path: Path, contract: str) -> Contracts:
    return load_contracts(write_project(tmp_path, contract).root / "contracts")


def between(tmp_path: Path, before: str, after: str) -> tuple[Change, ...]:
    return changes(read(tmp_path, before), read(tmp_path, after))


def with_column(required: str) -> str:
    return spoiled(AFTER, NEW.replace("REQUIRED", required) + AFTER)


def said(change: Change) -> dict[str, str]:
    return {who: effect.value for who, effect in change.effects.items()}


@pytest.mark.parametrize(
    ("before", "after", "field", "effects", "step"),
    [
        (CONTRACT, with_column("false"), "colour", {"files": "widening", "silver": "widening", "views": "free"}, ""),
        (CONTRACT, with_column("true"), "colour", {"files": "breaking", "silver": "breaking"}, "required: false"),
        (CONTRACT, spoiled(NOTE, ""), "note",
         {"files": "free", "silver": "breaking", "marts": "breaking", "views": "breaking"},
         "lakehouse dataset drop-column shop.visits note --why TEXT"),
        (CONTRACT, spoiled("note, physicalType: string", "note, physicalType: int"), "note.physicalType",
         {"files": "breaking", "silver": "breaking", "marts": "breaking", "views": "breaking"}, "under a new name"),
        (CONTRACT, spoiled('"decimal(9,2)"', '"decimal(12,2)"'), "amount.physicalType",
         {"files": "widening", "silver": "breaking", "marts": "widening", "views": "free"}, "typeWidening: rewrite"),
        (WIDENS, spoiled('"decimal(9,2)"', '"decimal(12,2)"', WIDENS), "amount.physicalType",
         {"files": "widening", "silver": "widening", "marts": "widening", "views": "free"}, ""),
        (WIDENS, spoiled('"decimal(9,2)"', '"decimal(12,4)"', WIDENS), "amount.physicalType",
         {"files": "widening", "silver": "widening", "marts": "widening", "views": "free"}, ""),
        (WIDENS, spoiled('"decimal(9,2)"', '"decimal(10,4)"', WIDENS), "amount.physicalType",
         {"files": "breaking", "silver": "breaking", "marts": "breaking", "views": "breaking"}, "keep the type"),
        (STRUCT, spoiled("name: x, physicalType: int", "name: x, physicalType: bigint", STRUCT), "note.x.physicalType",
         {"files": "breaking", "silver": "breaking", "marts": "breaking", "views": "breaking"}, "keep the type"),
        (LIST, spoiled("X.}]", "X.}, {name: z, physicalType: int, description: Z.}]", LIST), "note.element.z",
         {"files": "widening", "silver": "widening", "views": "free"}, ""),
        (spoiled("X.}]", "X.}, {name: z, physicalType: int, description: Z.}]", LIST), LIST, "note.element.z",
         {"files": "free", "silver": "breaking", "marts": "breaking", "views": "breaking"}, "deliver note under a new"),
        (LIST, spoiled("name: x, physicalType: int", "name: x, physicalType: bigint", LIST),
         "note.element.x.physicalType",
         {"files": "breaking", "silver": "breaking", "marts": "breaking", "views": "breaking"}, "keep the type"),
        (LIST, spoiled("physicalType: array", "physicalType: map", LIST), "note.physicalType",
         {"files": "breaking", "silver": "breaking", "marts": "breaking", "views": "breaking"}, "keep the type"),
        (CONTRACT, spoiled("string, required: false", "string, required: true"), "note.required",
         {"files": "breaking", "silver": "free"}, ""),
        (CONTRACT, spoiled("description: Note.", "description: Note., physicalName: Note"), "note.physicalName",
         {"files": "breaking"}, "agree with the source"),
        (CONTRACT, spoiled("description: Note.", "description: Note., classification: pii"), "note.classification",
         {"roles": "breaking"}, "make deploy"),
        (CONTRACT, spoiled("description: Note.", "description: Notes."), "note.description", {"silver": "free"}, ""),
        (CONTRACT, spoiled("description: Note.", f"description: Note.{QUALITY}"), "rule note_null_values",
         {"files": "breaking"}, ""),
        (spoiled("description: Note.", f"description: Note.{QUALITY}"), CONTRACT, "rule note_null_values",
         {"files": "widening"}, ""),
        (CONTRACT, spoiled("sequenceBy, value: seq", "sequenceBy, value: at"), "sequenceBy",
         {"silver": "breaking", "marts": "free", "views": "free"}, "lakehouse dataset rebuild shop.visits --why TEXT"),
        (CONTRACT, spoiled("partitionBy, value: [month]", "partitionBy, value: []"), "partitionBy",
         {"silver": "breaking"}, "lakehouse layout apply visits"),
        (CONTRACT, spoiled("clusterBy, value: [dt]", "clusterBy, value: [id]"), "clusterBy", {"silver": "free"}, ""),
        (CONTRACT, spoiled("      - {property: deleteFlag, value: gone}\n", ""), "deleteFlag",
         {"marts": "breaking", "views": "breaking"}, "lakehouse dataset rebuild"),
        (CONTRACT, spoiled('"visits*.csv"', '"vis*.csv"'), "filePattern", {"files": "widening"}, ""),
        (CONTRACT, spoiled('"visits*.csv"', '"visits_*.csv"'), "filePattern", {"files": "breaking"}, ""),
        (CONTRACT, spoiled("fileFormat, value: csv", "fileFormat, value: json_lines"), "fileFormat",
         {"files": "breaking"}, ""),
        (CONTRACT, spoiled("quarantineLimitPercent, value: 50", "quarantineLimitPercent, value: 60"),
         "quarantineLimitPercent", {"files": "widening"}, ""),
        (CONTRACT, spoiled("quarantineLimitPercent, value: 50", "quarantineLimitPercent, value: 40"),
         "quarantineLimitPercent", {"files": "breaking"}, ""),
        (CONTRACT, spoiled("0 3 * * *", "0 4 * * *"), "schedule", {"DAGs": "widening"}, "make deploy"),
        (CONTRACT, spoiled("shops@retail.example", "other@retail.example"), "contact", {"DAGs": "free"}, ""),
    ],
)  # fmt: skip
def test_a_change_of_one_field(
    tmp_path: Path, before: str, after: str, field: str, effects: dict[str, str], step: str
) -> None:
    (change,) = between(tmp_path, before, after)
    assert (change.domain, change.field, said(change)) == ("shop", field, effects)
    assert step in "; ".join(change.steps)
    assert bool(step) == bool(change.steps)


def test_another_key_is_rekeyed(tmp_path: Path) -> None:
    key = spoiled("name: seq, physicalType: bigint, required: true", "name: seq, physicalType: bigint, required: true, primaryKey: true, primaryKeyPosition: 2")  # fmt: skip  # noqa: E501
    (change,) = between(tmp_path, CONTRACT, key)
    assert (change.field, change.effect, change.what) == ("primaryKey", Effect.BREAKING, "[id] → [id, seq]")
    assert change.steps == ("lakehouse dataset rekey shop.visits --why TEXT",)


def test_nothing_changes_between_two_equal_states(tmp_path: Path) -> None:
    assert between(tmp_path, CONTRACT, CONTRACT) == ()


def test_a_domain_comes_goes_and_is_renamed(tmp_path: Path) -> None:
    one, none = read(tmp_path, CONTRACT), Contracts(())
    come, dataset = changes(none, one)
    assert (come.what, said(come)) == ("is new", {"files": "widening", "DAGs": "widening", "roles": "widening"})
    assert (dataset.dataset, dataset.what, dataset.effect) == ("visits", "is new", Effect.WIDENING)
    gone, dropped = changes(one, none)
    assert (gone.what, gone.effect) == ("is gone", Effect.BREAKING)
    assert dropped.steps == ("lakehouse dataset drop shop.visits --why TEXT, once nothing reads it",)
    renamed = between(tmp_path, CONTRACT, spoiled("domain: shop", "domain: stores"))
    assert [(change.domain, change.field, change.what) for change in renamed] == [
        ("shop", "domain", "is gone"),
        ("stores", "domain", "is new"),
        ("stores", "domain", "shop → stores"),
    ]
    assert renamed[-1].steps[0] == "move what lies in raw/shop/ to raw/stores/"


MODELS = {
    "dbt/models/staging/stg_visits.sql": "select id, amount from {{ source('shop', 'visits') }} -- note",
    "dbt/models/marts/fct_money.sql": "select sum(amount) from {{ ref('stg_visits') }}",
    "dbt/athena_views/all_visits.sql": "SELECT id, note FROM silver.visits",
    "dbt/athena_views/money.sql": "SELECT * FROM marts.fct_money",
    "dbt/athena_views/other.sql": "SELECT note FROM silver.others",
}


@pytest.mark.parametrize(
    ("column", "marts", "views"),
    [
        ("note", (), ("all_visits",)),
        ("amount", ("fct_money", "stg_visits"), ("money",)),
        ("gone", (), ()),
        (None, ("fct_money", "stg_visits"), ("all_visits", "money")),
    ],
)
def test_the_models_and_views_that_a_change_reaches(
    tmp_path: Path, column: str | None, marts: tuple[str, ...], views: tuple[str, ...]
) -> None:
    for name, sql in MODELS.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sql, encoding="utf-8")
    effects = dict.fromkeys(("silver", "marts", "views"), Effect.BREAKING)
    change = Change("shop", "visits", column or "", "is gone", effects, column=column)
    readers = find_readers(tmp_path / "dbt")
    assert reached(change, readers) == {
        kind: names for kind, names in (("marts", marts), ("views", views)) if names
    }  # fmt: skip
    wanted = ["silver", *(["marts"] if marts else []), *(["views"] if views else [])]
    assert list(without_unread(change, readers)) == wanted
