"""The contract property `notAfterDelivery`: how far a row's sequence and date may lie after the delivery."""

from __future__ import annotations

import re
from datetime import timedelta

from lakehouse.contracts.contract import NOT_AFTER_DELIVERY
from lakehouse.contracts.yaml_places import Place

_DURATION = re.compile(r"(?P<number>\d{1,5})(?P<unit>[mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def read_not_after(node: Place | None) -> timedelta | None:
    """The duration, None for `off`, a day by default; raises ContractError."""
    if node is None:
        return NOT_AFTER_DELIVERY
    if node.value in ("off", False):  # YAML 1.1 reads a bare off as false
        return None
    found = _DURATION.fullmatch(str(node.value))
    if found is None:
        raise node.error(f"must be a duration such as 2h or 1d, or off, found {node.value!r}.")
    return timedelta(**{_UNITS[found["unit"]]: int(found["number"])})
