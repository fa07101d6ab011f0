"""How much a domain delivers: the entry `volume` of `slaProperties`, by which Terraform sizes the domain's jobs."""

from __future__ import annotations

from lakehouse.contracts.yaml_places import Place

VOLUME = "volume"
UNITS = ("MB", "GB", "TB")


def check_volume(entry: Place | None) -> None:
    """Raise ContractError for an entry that Terraform could not read: its sizes are those of a delivery."""
    if entry is None:
        return
    value, unit = entry.need("value"), entry.text("unit")
    if isinstance(value.value, bool) or not isinstance(value.value, int | float) or value.value <= 0:
        raise value.error(f"must be a number above 0, the size of a delivery in `unit`, found {value.value!r}.")
    if unit not in UNITS:
        raise entry.need("unit").error(f"must be {', '.join(UNITS[:-1])} or {UNITS[-1]}, found '{unit}'.")
