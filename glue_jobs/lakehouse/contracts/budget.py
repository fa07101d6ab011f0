"""What a domain's runs may cost, in US dollars: `budget` (a month) and `runBudget` (one run) of `slaProperties`.

Nothing is stopped by it: who is on call is shown that it is passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.contracts.yaml_places import Place

MONTH, RUN = "budget", "runBudget"
CURRENCY = "USD"


@dataclass(frozen=True)
class Budget:
    """US dollars for a calendar month and for one run; None where the contract says nothing."""

    month: float | None = None
    run: float | None = None


NO_BUDGET = Budget()


def read_budget(promised: Mapping[str, Place]) -> Budget:
    """The budget among the entries of `slaProperties`; raises ContractError."""
    return Budget(_amount(promised.get(MONTH)), _amount(promised.get(RUN)))


def _amount(entry: Place | None) -> float | None:
    if entry is None:
        return None
    value, unit = entry.need("value"), entry.text("unit")
    if isinstance(value.value, bool) or not isinstance(value.value, int | float) or not 0 < value.value < float("inf"):
        raise value.error(f"must be a number above 0, an amount of US dollars, found {value.value!r}.")
    if unit != CURRENCY:
        raise entry.need("unit").error(f"must be {CURRENCY}, the currency of the price list, found '{unit}'.")
    return float(value.value)
