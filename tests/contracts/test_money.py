"""What amounts are in is said in the contract, shown in every comment, and decides what may be added."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.money import Money, mixture, said_money
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.warnings import contract_warnings
from lakehouse.contracts.yaml_places import ContractError
from tests.helpers.small_project import CONTRACT, spoiled

AMOUNT = '{name: amount, physicalType: "decimal(9,2)", required: false, '
NET, GROSS = Money("EUR", False), Money("EUR", True)


def contract(amount: str, before: str = AMOUNT) -> str:
    words = ", ".join(
        f"{{property: {word.split(': ')[0]}, value: {word.split(': ')[1]}}}" for word in amount.split("; ")
    )
    return spoiled(before, before + f"customProperties: [{words}], ", CONTRACT)


def read(folder: Path, text: str) -> tuple[Money | None, str]:
    file = folder / "shop.yaml"
    file.write_text(text, encoding="utf-8")
    (amount,) = (c for c in read_contract(file).datasets[0].columns if c.name == "amount")
    return amount.money, amount.description


@pytest.mark.parametrize(
    ("said", "money", "description"),
    [
        ("currency: EUR", Money("EUR"), "Money. In EUR."),
        ("currency: EUR; taxIncluded: false", NET, "Money. In EUR, without tax."),
        ("taxIncluded: true; currency: EUR", GROSS, "Money. In EUR, with tax."),
        ("currency: note", Money("note"), "Money. In the currency in note."),
    ],
)
def test_an_amount_says_what_it_is_in(said: str, money: Money, description: str, tmp_path: Path) -> None:
    assert read(tmp_path, contract(said)) == (money, description)
    assert [line for line in contract_warnings(tmp_path) if "amount" in line] == []


def test_a_column_of_which_nothing_is_said_stays_as_it_is(tmp_path: Path) -> None:
    assert read(tmp_path, CONTRACT) == (None, "Money.")


NOTE = "{name: note, physicalType: string, required: false, "
WRONG = [
    (contract("currency: euro"), "must be a code of three capitals such as EUR, or a string column "
     "that names it, found 'euro'."),
    (contract("currency: seq"), "must be a code of three capitals such as EUR, or a string column "
     "that names it, found 'seq'."),
    (contract("taxIncluded: true"), "says whether an amount has tax in it; add its currency."),
    (contract("currency: EUR; taxIncluded: 19"), "must be true or false, found 19."),
    (contract("currency: EUR", NOTE), "has no effect on a column of type string, only on int, bigint, double, decimal; "
     "remove it."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), WRONG, ids=lambda value: value[-30:])
def test_what_an_amount_cannot_be_in_is_one_line(text: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError) as refused:
        read(tmp_path, text)
    assert str(refused.value).endswith(line)


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ({}, None),
        ({"o.price": NET, "p.cost": NET}, None),
        ({"o.price": NET, "p.cost": Money("EUR")}, None),
        ({"o.price": GROSS, "p.cost": NET}, "without tax (p.cost) and with tax (o.price)"),
        (
            {"o.price": NET, "p.cost": Money("USD", False)},
            "in EUR (o.price) and in USD (p.cost); convert them by rates",
        ),
        ({"o.price": Money("code"), "o.discount": Money("code")}, "in the currency in code (o.discount, o.price)"),
    ],
    ids=str,
)
def test_what_nobody_may_add_is_said_with_its_columns(amounts: dict[str, Money], said: str | None) -> None:
    found = mixture(amounts)
    if said is None:
        assert found is None
    else:
        assert found is not None
        assert sorted(found.split(";")[0].split(" and ")) == sorted(said.split(";")[0].split(" and "))


@pytest.mark.parametrize(
    ("text", "money"),
    [("EUR, without tax", NET), (" EUR, with tax", GROSS), ("EUR", Money("EUR")), ("euro", None), ("EUR net", None)],
)
def test_a_model_says_what_its_amounts_are_in(text: str, money: Money | None) -> None:
    assert said_money(text) == money
