"""In which money amounts are: currency and tax as contracts and models say them, and which amounts nobody may add."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.contracts.yaml_places import Place

CURRENCY, TAX = "currency", "taxIncluded"
_NUMBERS = ("int", "bigint", "double", "decimal")
MONEY_PROPERTIES = {CURRENCY: _NUMBERS, TAX: _NUMBERS}
"""The custom properties of a column that say what its amounts are in, with the types that have amounts."""
_CODE = re.compile(r"[A-Z]{3}")
_SAID = re.compile(r"([A-Z]{3})(?:, (with|without) tax)?")
_TAX = {True: "with tax", False: "without tax"}


@dataclass(frozen=True)
class Money:
    """What an amount is in. currency: a code, or the column that names it by row. tax_included: None if not said."""

    currency: str
    tax_included: bool | None = None

    @property
    def is_by_row(self) -> bool:
        """Whether each row names its currency."""
        return not _CODE.fullmatch(self.currency)

    def __str__(self) -> str:
        tax = "" if self.tax_included is None else f", {_TAX[self.tax_included]}"
        return f"{f'the currency in {self.currency}' if self.is_by_row else self.currency}{tax}"


def read_money(node: Place, type_: str) -> Money | None:
    """What a column's node says of its amounts; raises ContractError."""
    said = {name: value for name, value in node.properties().items() if name in MONEY_PROPERTIES}
    for value in said.values():
        if type_.split("(")[0] not in _NUMBERS:
            raise value.error(f"has no effect on a column of type {type_}, only on {', '.join(_NUMBERS)}; remove it.")
        if CURRENCY not in said:
            raise value.error("says whether an amount has tax in it; add its currency.")
    if not said:
        return None
    tax = said.get(TAX)
    if tax is not None and not isinstance(tax.value, bool):
        raise tax.error(f"must be true or false, found {tax.value!r}.")
    return Money(str(said[CURRENCY].value), None if tax is None else tax.value)


def check_money(node: Place, moneys: Mapping[str, Money | None], types: Mapping[str, str]) -> None:
    """Raise a ContractError for a currency that is neither a code nor a text column. node: the list of columns."""
    for item in node.items():
        money = moneys[item.text("name")]
        if money and money.is_by_row and types.get(money.currency) != "string":
            raise item.properties()[CURRENCY].error(
                f"must be a code of three capitals such as EUR, or a string column that names it, "
                f"found '{money.currency}'."
            )


def said_money(text: str) -> Money | None:
    """What a model or a view says of its amounts, such as `EUR, without tax`; None where it cannot be read."""
    found = _SAID.fullmatch(text.strip())
    return Money(found[1], {"with": True, "without": False}.get(found[2])) if found else None


def mixture(amounts: Mapping[str, Money]) -> str | None:
    """What no sum, difference or ratio may mix of the amounts that a query reads, by their column; None for nothing."""
    currencies: dict[str, list[str]] = {}
    taxes: dict[str, list[str]] = {}
    for column, money in sorted(amounts.items()):
        currencies.setdefault(f"in {Money(money.currency)}", []).append(column)
        if money.tax_included is not None:
            taxes.setdefault(_TAX[money.tax_included], []).append(column)
    by_row = any(money.is_by_row for money in amounts.values())
    if len(currencies) > 1 or by_row:
        return f"{_listed(currencies)}; convert them by rates, which are a dataset like any other"
    return f"{_listed(taxes)}; take the tax out of one side" if len(taxes) > 1 else None


def _listed(columns: Mapping[str, list[str]]) -> str:
    return " and ".join(f"{word} ({', '.join(names)})" for word, names in columns.items())
