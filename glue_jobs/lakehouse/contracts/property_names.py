"""The properties of a dataset in a contract by their present names; former names and values are still read.

A contract that uses a former one is read as if it had the present one; `lakehouse check` warns of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.contracts.yaml_places import ContractError, Place, read_yaml
from lakehouse.errors import nearest

SHORT_RETENTION_SENTENCE = "readers and time travel need less"


@dataclass(frozen=True)
class FormerName:
    """A property's former name; values: what its values are now, where they are not the same under both names."""

    now: str
    values: Mapping[str, str] = field(default_factory=dict)


FORMER_NAMES = {
    "kind": FormerName("mergeStrategy"),
    "sequence": FormerName("sequenceBy"),
    "dateFrom": FormerName("dateColumn"),
    "partitionMoves": FormerName("partitionIsStable", {"possible": "false", "never": "true"}),
    "clusteringAtMost": FormerName("maxReadAmplification"),
    "retentionBelowSevenDays": FormerName("allowShortRetention", {SHORT_RETENTION_SENTENCE: "true"}),
}

FORMER_VALUES = {"mergeStrategy": {"history": "scd2"}, "drift": {"evolve": "ignore"}}
"""Values with another name today, by the present name of their property."""

REQUIRED = frozenset(
    {"filePattern", "fileFormat", "mergeStrategy", "partitionBy", "clusterBy", "quarantineLimitPercent"}
)
LAYOUT = frozenset({"targetFileSize", "maxReadAmplification", "retentionDays", "allowShortRetention"})
OPTIONAL = frozenset(
    {
        "sequenceBy",
        "deleteFlag",
        "dateColumn",
        "dateZone",
        "partitionIsStable",
        "merge",
        "typeWidening",
        "drift",
        "ties",
        "operations",
        "snapshotShrinkLimitPercent",
        "notAfterDelivery",
        "fileOptions",
        "keepDays",
        "explode",
    }
)
KNOWN = REQUIRED | LAYOUT | OPTIONAL


@dataclass(frozen=True)
class Property:
    """One property as it is written in the contract, and by its present name and value."""

    name: str
    value: Place
    written_as: str
    written: Place

    @property
    def warning(self) -> str | None:
        """What was written and how it is written now; None where it is up to date."""
        if self.value is not self.written:
            change = f"'{self.written_as}: {self.written.value}' is now '{self.name}: {self.value.node.value}'"
        elif self.written_as != self.name:
            change = f"property '{self.written_as}' is now '{self.name}'"
        else:
            return None
        return f"{self.written.file}:{self.written.line}: {self.written.field}: {change}; please update the contract."


def properties_of(dataset: Place) -> dict[str, Property]:
    """A dataset's custom properties by their present names; raises ContractError for unknown, repeated and missing."""
    found: dict[str, Property] = {}
    for item in dataset.need("customProperties").items():
        read = _property(item, dataset.field)
        if read.name in found:
            raise item.error(_given_twice(read, found[read.name]))
        found[read.name] = read
    for wanted in sorted(REQUIRED - found.keys()):
        raise dataset.need("customProperties").error(f"property '{wanted}' is missing; add it.")
    return found


def _property(item: Place, dataset: str) -> Property:
    name = item.text("property")
    former = FORMER_NAMES.get(name, FormerName(name))
    if former.now not in KNOWN:
        raise item.error(f"unknown property '{name}'.{nearest(name, KNOWN)}")
    written = item.need("value").named(f"{dataset}.{name}")
    return Property(former.now, _present_value(written, former), name, written)


def _present_value(written: Place, former: FormerName) -> Place:
    if not written.is_scalar:
        return written
    if former.values and written.value not in former.values:
        raise written.error(f"unknown value '{written.value}'.{nearest(str(written.value), former.values)}")
    values = {**FORMER_VALUES.get(former.now, {}), **former.values}
    return written.with_value(values[str(written.value)]) if str(written.value) in values else written


def _given_twice(second: Property, first: Property) -> str:
    if second.written_as == first.written_as:
        return f"property '{second.written_as}' is given twice; remove one."
    return f"'{first.written_as}' and '{second.written_as}' are the same property; keep '{second.name}'."


def outdated_properties(folder: Path) -> Iterator[str]:
    """A line for each former name or value in the contracts of a folder; none for a contract that cannot be read."""
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        try:
            datasets = read_yaml(file).need("schema").items()
            found = [p for item in datasets for p in properties_of(item.named(item.text("name"))).values()]
        except ContractError:
            continue  # reported as an error, which is what to fix first
        yield from (warning for p in found if (warning := p.warning))
