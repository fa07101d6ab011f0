"""How much a domain delivers: the entry `volume` of `slaProperties`, by which Terraform sizes the domain's jobs."""

from __future__ import annotations

from lakehouse.contracts.yaml_places import Place

VOLUME = "volume"
_IN_GB = {"MB": 1 / 1024, "GB": 1.0, "TB": 1024.0}


def read_volume(entry: Place | None) -> float | None:
    """The gigabytes of a delivery, None where the contract does not say; raises ContractError.

    Terraform reads the same entry, so it must have one of its units.
    """
    if entry is None:
        return None
    value, unit = entry.need("value"), entry.text("unit")
    if isinstance(value.value, bool) or not isinstance(value.value, int | float) or value.value <= 0:
        raise value.error(f"must be a number above 0, the size of a delivery in `unit`, found {value.value!r}.")
    if unit not in _IN_GB:
        *others, last = _IN_GB
        raise entry.need("unit").error(f"must be {', '.join(others)} or {last}, found '{unit}'.")
    return float(value.value) * _IN_GB[unit]
