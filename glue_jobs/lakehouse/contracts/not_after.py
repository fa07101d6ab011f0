"""The contract property `notAfterDelivery`: how far a row's sequence and date may lie after the delivery."""

from __future__ import annotations

from datetime import timedelta

from lakehouse.contracts.dataset import NOT_AFTER_DELIVERY
from lakehouse.contracts.durations import duration_in
from lakehouse.contracts.yaml_places import Place


def read_not_after(node: Place | None) -> timedelta | None:
    """The duration, None for `off`, a day by default; raises ContractError."""
    if node is None:
        return NOT_AFTER_DELIVERY
    if node.value in ("off", False):  # YAML 1.1 reads a bare off as false
        return None
    found = duration_in(str(node.value), r"\d{1,5}")
    if found is None:
        raise node.error(f"must be a duration such as 2h or 1d, or off, found {node.value!r}.")
    return found
