"""Reads the ODCS 3.1 files of `contracts/` into frozen objects, or reports file, line, field and what was wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from lakehouse.contracts.classification import is_personal
from lakehouse.contracts.columns import DATE_COLUMNS, Column
from lakehouse.contracts.contract import Contract, Contracts, Dataset, Drift, FileFormat, MergeMode, MergeStrategy, Ties
from lakehouse.contracts.layout_reader import flag, read_layout
from lakehouse.contracts.not_after import read_not_after
from lakehouse.contracts.property_names import properties_of
from lakehouse.contracts.rules_reader import read_rules
from lakehouse.contracts.yaml_places import ContractError, Place, read_yaml
from lakehouse.errors import nearest

_TYPE = re.compile(r"^(string|int|bigint|double|date|timestamp|boolean|struct|decimal\(\d{1,2},\d{1,2}\))$")
_KNOWN_TYPES = ("string", "int", "bigint", "double", "date", "timestamp", "boolean", "struct", "decimal(12,2)")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


def load_contracts(folder: Path) -> Contracts:
    """Read every contract of the folder, sorted by domain; raises ContractError at the first thing wrong."""
    files = sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))
    if not files:
        raise ContractError(str(folder), 0, "contracts", "the folder holds no contract (*.yaml); add one per domain.")
    contracts = sorted((read_contract(file) for file in files), key=lambda contract: contract.domain)
    _refuse_duplicates(folder, "domain", [c.domain for c in contracts])
    _refuse_duplicates(folder, "dataset", [d.name for c in contracts for d in c.datasets])
    return Contracts(tuple(contracts))


def _refuse_duplicates(folder: Path, kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ContractError(str(folder), 0, kind, f"'{name}' is described twice; each {kind} has one contract.")


def read_contract(file: Path) -> Contract:
    """Read one contract file; raises ContractError with the line of the first thing wrong."""
    return _contract(read_yaml(file))


def _contract(root: Place) -> Contract:
    version = root.need("apiVersion")
    if not str(version.value).startswith("v3.1"):
        raise version.error(f"must be v3.1.x of the Open Data Contract Standard, found {version.value!r}.")
    domain = _name(root.need("domain"))
    team = root.need("team")
    sla = {item.text("property"): item for item in root.need("slaProperties").items()}
    for wanted in ("frequency", "timeOfAvailability"):
        if wanted not in sla:
            raise root.need("slaProperties").error(f"needs an entry with property '{wanted}'.")
    return Contract(
        domain=domain,
        title=root.text("name"),
        owner=team.text("name"),
        contact=team.need("members").items()[0].text("username"),
        description=root.need("description").text("purpose"),
        schedule=_schedule(sla["frequency"]),
        deadline=_deadline(sla["timeOfAvailability"]),
        datasets=tuple(_dataset(item, domain) for item in root.need("schema").items()),
    )


def _name(node: Place) -> str:
    if not isinstance(node.value, str) or not _NAME.match(node.value):
        raise node.error(f"must be lower_case letters, digits and _, found {node.value!r}.")
    return node.value


def _schedule(entry: Place) -> str:
    schedule = entry.text("schedule")
    if len(schedule.split()) != 5:
        raise entry.need("schedule").error(f"must be a cron line of five fields, found '{schedule}'.")
    return schedule


def _deadline(entry: Place) -> str:
    deadline = entry.text("value")
    if not re.match(r"^([01]\d|2[0-3]):[0-5]\d$", deadline):
        raise entry.need("value").error(f"must be a time of day in UTC as HH:MM, found '{deadline}'.")
    return deadline


def _dataset(node: Place, domain: str) -> Dataset:
    name = _name(node.need("name"))
    node = node.named(name)
    values = {name: found.value for name, found in properties_of(node).items()}
    columns = _columns(node.need("properties"))
    names = tuple(column.name for column in columns)
    strategy = MergeStrategy(_choice(values["mergeStrategy"], tuple(MergeStrategy)))
    date_column = _column_name(values.get("dateColumn"), names)
    if strategy is not MergeStrategy.SCD2 and date_column is None:
        raise node.error(f"mergeStrategy {strategy} needs the column that dt is computed from; add it.", "dateColumn")
    derived = () if date_column is None else tuple(column.name for column in DATE_COLUMNS)
    layout = read_layout(values, columns, derived)
    key = _key(node.need("properties"))
    sequence_by, delete_flag = _choice(values["sequenceBy"], names), _column_name(values.get("deleteFlag"), names)
    needed = frozenset(filter(None, (*key, sequence_by, date_column, delete_flag)))
    return Dataset(
        name=name,
        domain=domain,
        description=node.text("description"),
        merge_strategy=strategy,
        file_pattern=_text(values["filePattern"]),
        file_format=FileFormat(_choice(values["fileFormat"], tuple(FileFormat))),
        columns=columns,
        key=key,
        sequence_by=sequence_by,
        delete_flag=delete_flag,
        date_column=date_column,
        partition_by=layout.partition_by,
        cluster_by=layout.cluster_by,
        quarantine_limit_percent=_percent(values["quarantineLimitPercent"]),
        partition_is_stable="partitionIsStable" in values and flag(values["partitionIsStable"]),
        merge_mode=MergeMode(_option(values.get("merge"), tuple(MergeMode))),
        widens_types=_option(values.get("typeWidening"), ("refuse", "rewrite")) == "rewrite",
        drift=Drift(_option(values.get("drift"), (Drift.RESCUE, Drift.STRICT, Drift.IGNORE))),
        ties=Ties(_option(values.get("ties"), tuple(Ties))),
        not_after_delivery=read_not_after(values.get("notAfterDelivery")),
        rules=read_rules(node, columns, needed, key),
        target_file_bytes=layout.target_file_bytes,
        max_read_amplification=layout.max_read_amplification,
        retention_days=layout.retention_days,
    )


def _columns(node: Place) -> tuple[Column, ...]:
    columns = tuple(_column(item) for item in node.items())
    names = [column.name for column in columns]
    for item, column in zip(node.items(), columns, strict=True):
        if names.count(column.name) > 1:
            raise item.error(f"column '{column.name}' is described twice.")
    _refuse_shared_names(node, columns)
    return columns


def _refuse_shared_names(node: Place, columns: tuple[Column, ...]) -> None:
    """A file's column is one column of the contract, by its name or its physical name."""
    for item, column in zip(node.items(), columns, strict=True):
        others = {name for other in columns if other is not column for name in (other.name, other.delivered_name)}
        if column.delivered_name in others:
            raise item.error(f"'{column.delivered_name}' is also another column's name.", "physicalName")


def _column(node: Place) -> Column:
    name = _name(node.need("name"))
    type_ = node.text("physicalType")
    if not _TYPE.match(type_):
        raise node.need("physicalType").error(f"unknown type '{type_}' of {name}.{nearest(type_, _KNOWN_TYPES)}")
    inner = node.find("properties")
    fields = _columns(inner) if inner is not None else ()
    physical_name = node.text("physicalName", default=name)
    return Column(
        name=name,
        type=type_,
        required=node.flag("required"),
        description=node.text("description"),
        pii=is_personal(node.text("classification", default="public")) or any(field.pii for field in fields),
        fields=fields,
        physical_name=physical_name if physical_name != name else None,
    )


def _key(node: Place) -> tuple[str, ...]:
    positions: dict[int, str] = {}
    for item in node.items():
        if item.flag("primaryKey"):
            position = item.need("primaryKeyPosition")
            if not isinstance(position.value, int) or position.value in positions:
                raise position.error(f"must be a number of its own among the key columns, found {position.value!r}.")
            if not item.flag("required"):
                raise item.error("a key column must be required: true.", "required")
            positions[position.value] = item.text("name")
    if not positions:
        raise node.error("no column is marked primaryKey: true; mark the key's columns.")
    return tuple(positions[position] for position in sorted(positions))


def _choice(node: Place, known: Iterable[str]) -> str:
    known = tuple(known)
    if node.value not in known:
        raise node.error(f"unknown value '{node.value}'.{nearest(str(node.value), known)}")
    return str(node.value)


def _option(node: Place | None, known: tuple[str, ...]) -> str:
    """One of the known values; the first is the default."""
    return known[0] if node is None else _choice(node, known)


def _column_name(node: Place | None, names: tuple[str, ...]) -> str | None:
    return None if node is None else _choice(node, names)


def _text(node: Place) -> str:
    if not isinstance(node.value, str) or not node.value:
        raise node.error(f"must be a text, found {node.value!r}.")
    return node.value


def _percent(node: Place) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not 0 <= node.value <= 100:
        raise node.error(f"must be a number from 0 to 100, found {node.value!r}.")
    return float(node.value)
