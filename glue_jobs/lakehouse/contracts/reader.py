"""Reads the ODCS 3.1 files of `contracts/` into frozen objects, or reports file, line, field and what was wanted."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.contracts.alerts import read_alerts
from lakehouse.contracts.budget import read_budget
from lakehouse.contracts.choices import Drift, FileFormat, MergeMode, MergeStrategy, Ties
from lakehouse.contracts.columns import DATE_COLUMNS, DELETED_COLUMN, Column
from lakehouse.contracts.columns_reader import read_columns, read_key, read_name, refuse_key
from lakehouse.contracts.contract import Contract, Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.date_zone import read_date_zone
from lakehouse.contracts.elements_reader import shared_names, with_elements
from lakehouse.contracts.file_options_reader import read_file_options
from lakehouse.contracts.file_patterns import can_both_match
from lakehouse.contracts.keep_days import read_keep_days
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.layout_reader import flag, read_layout, require_no_dates
from lakehouse.contracts.not_after import read_not_after
from lakehouse.contracts.operations import read_operations
from lakehouse.contracts.property_names import properties_of
from lakehouse.contracts.roles import Roles, check_roles
from lakehouse.contracts.rules_reader import asked_of, read_rules
from lakehouse.contracts.sequence_reader import read_sequence
from lakehouse.contracts.shapes import check_shapes
from lakehouse.contracts.sla_reader import read_deadline, read_promises, read_schedule
from lakehouse.contracts.team_reader import read_contact
from lakehouse.contracts.volume import VOLUME, read_volume
from lakehouse.contracts.yaml_places import ContractError, Place, read_yaml
from lakehouse.errors import LakehouseError, gathering, nearest, raise_first

RESERVED_DOMAINS = frozenset({MARTS, "lakehouse"})
"""What `transform_marts` and `maintain_lakehouse` work on."""
LONGEST_DOMAIN = 32
"""IAM takes 64 characters as the name of a role: retail-lakehouse-prod-transform_ and the domain."""
LONGEST_DATASET = 200
"""A file of that name has an ending, and a pinned table a word behind it; both may have 255 characters."""


def load_contracts(folder: Path) -> Contracts:
    """Read every contract of the folder, sorted by domain; raises a ContractError with all that is wrong."""
    readable, errors = read_contracts(folder)
    raise_first(errors, ())
    return readable


def read_contracts(folder: Path) -> tuple[Contracts, list[LakehouseError]]:
    """The contracts of a folder that can be read, sorted by domain, and everything that is wrong with the others."""
    files = sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))
    errors: list[LakehouseError] = []
    if not files:
        wanted = "the folder holds no contract (*.yaml); add one per domain."
        errors.append(ContractError(str(folder), 0, "contracts", wanted))
    read: list[_Read] = []
    for file in files:
        with gathering(errors):
            root = read_yaml(file)
            read.append(_Read(root, _contract(root)))
    read.sort(key=lambda one: one.contract.domain)
    named = [place for one in read for place in one.dataset_names]
    errors += _duplicates("domain", [one.root.need("domain") for one in read])
    errors += _duplicates("dataset", [place.named("name") for place in named])
    datasets = [dataset for one in read for dataset in one.contract.datasets]
    errors += shared_names(list(zip(named, datasets, strict=True)))
    errors += _shared_patterns(list(zip(named, datasets, strict=True)))
    return Contracts(tuple(one.contract for one in read)), errors


@dataclass(frozen=True)
class _Read:
    """A contract with the root of its file, for errors that concern several contracts."""

    root: Place
    contract: Contract

    @property
    def dataset_names(self) -> list[Place]:
        """Where its datasets are named."""
        return [item.need("name") for item in self.root.need("schema").items()]


def _duplicates(kind: str, places: Sequence[Place]) -> Iterator[ContractError]:
    """An error for each later use of a name, at its place."""
    first: dict[str, Place] = {}
    for place in places:
        name = place.text_as_written
        if name in first:
            where = f"first in {first[name].file}:{first[name].line}"
            yield place.error(f"'{name}' is described twice, {where}; each {kind} has one contract.")
        first.setdefault(name, place)


def _shared_patterns(datasets: Sequence[tuple[Place, Dataset]]) -> Iterator[ContractError]:
    """Of two patterns that match one name the longer one has the file; of two equally long ones neither has."""
    for (_, one), (place, other) in itertools.combinations(datasets, 2):
        is_decided = one.name == other.name or len(one.file_pattern) != len(other.file_pattern)
        if not is_decided and can_both_match(one.file_pattern, other.file_pattern):
            yield place.named(other.name).error(
                f"a file can match '{other.file_pattern}' and '{one.file_pattern}' of {one.name}; let the names of "
                "their files differ, or make the more exact pattern the longer one.",
                "filePattern",
            )


def read_contract(file: Path) -> Contract:
    """Read one contract file; raises a ContractError with all that is wrong in it."""
    return _contract(read_yaml(file))


def _contract(root: Place) -> Contract:
    version = root.need("apiVersion")
    if not str(version.value).startswith("v3.1"):
        raise version.error(f"must be v3.1.x of the Open Data Contract Standard, found {version.value!r}.")
    domain = _domain(root.need("domain"))
    errors: list[LakehouseError] = []
    datasets: list[Dataset] = []
    for item in root.need("schema").items("dataset"):
        with gathering(errors):
            datasets.append(_dataset(item, domain))
    contract = None
    with gathering(errors):
        contract = _with_owner(root, domain, tuple(datasets))
    raise_first(errors, ())
    assert contract is not None, "an error was raised"
    return contract


def _with_owner(root: Place, domain: str, datasets: tuple[Dataset, ...]) -> Contract:
    """The contract: whose the datasets are, when they are delivered and until when they are wanted."""
    team, promised = root.need("team"), read_promises(root.need("slaProperties"))
    return Contract(
        domain=domain,
        title=root.text("name"),
        owner=team.text("name"),
        contact=read_contact(team),
        description=root.need("description").text("purpose"),
        schedule=read_schedule(promised),
        deadline=read_deadline(promised),
        datasets=datasets,
        budget=read_budget(promised),
        alerts=read_alerts(promised),
        delivery_gb=read_volume(promised.get(VOLUME)),
    )


def _domain(node: Place) -> str:
    name = read_name(node, LONGEST_DOMAIN)
    if name in RESERVED_DOMAINS:
        raise node.error(f"'{name}' names jobs and folders of the lakehouse itself; give the domain another name.")
    return name


def _dataset(node: Place, domain: str) -> Dataset:
    name = read_name(node.need("name"), LONGEST_DATASET)
    node = node.named(name)
    values = {name: found.value for name, found in properties_of(node).items()}
    columns = read_columns(node.need("properties"))
    names = tuple(column.name for column in columns)
    strategy = MergeStrategy(_choice(values["mergeStrategy"], tuple(MergeStrategy)))
    date_column = _column_name(values.get("dateColumn"), names)
    has_dt = strategy is not MergeStrategy.SCD2 and date_column is not None
    if strategy is not MergeStrategy.SCD2 and not has_dt:
        require_no_dates(node, values)
    derived = tuple(column.name for column in DATE_COLUMNS) if has_dt else ()
    layout = read_layout(values, columns, derived)
    roles = _roles(node, values, columns, strategy, date_column)
    check_roles(node.need("properties"), columns, values, roles, layout.partition_by)
    file_format = FileFormat(_choice(values["fileFormat"], tuple(FileFormat)))
    check_shapes(node.need("properties"), columns, file_format)
    date = next((column for column in columns if column.name == date_column), None)
    asked = asked_of(roles.operations, (*roles.key, *roles.sequence.columns), layout.partition_by, date_column)
    found = Dataset(
        name=name,
        domain=domain,
        description=node.text("description"),
        merge_strategy=strategy,
        file_pattern=_pattern(values["filePattern"]),
        file_format=file_format,
        file_options=read_file_options(values.get("fileOptions"), file_format, columns),
        columns=columns,
        key=roles.key,
        sequence_by=roles.sequence.columns,
        by_arrival=roles.sequence.by_arrival,
        delete_flag=DELETED_COLUMN.name if roles.adds_deleted else roles.delete_flag,
        operations=roles.operations,
        snapshot_shrink_limit_percent=_percent(values["snapshotShrinkLimitPercent"]) if roles.is_snapshot else None,
        date_column=date_column,
        date_zone=read_date_zone(values.get("dateZone"), strategy, date, file_format),
        partition_by=layout.partition_by,
        cluster_by=layout.cluster_by,
        quarantine_limit_percent=_percent(values["quarantineLimitPercent"]),
        partition_is_stable="partitionIsStable" in values and flag(values["partitionIsStable"]),
        merge_mode=MergeMode(_option(values.get("merge"), tuple(MergeMode))),
        widens_types=_option(values.get("typeWidening"), ("refuse", "rewrite")) == "rewrite",
        drift=Drift(_option(values.get("drift"), (Drift.RESCUE, Drift.STRICT, Drift.IGNORE))),
        ties=Ties(_option(values.get("ties"), tuple(Ties))),
        not_after_delivery=read_not_after(values.get("notAfterDelivery")),
        rules=read_rules(node, columns, roles.columns, roles.key, asked),
        target_file_bytes=layout.target_file_bytes,
        max_read_amplification=layout.max_read_amplification,
        retention_days=layout.retention_days,
        keep_days=read_keep_days(values.get("keepDays"), strategy, roles.is_snapshot, date_column),
    )
    return with_elements(found, values.get("explode"))


def _roles(
    node: Place, values: Mapping[str, Place], columns: Sequence[Column], strategy: MergeStrategy, date: str | None
) -> Roles:
    """What the columns of a dataset are for."""
    names, appends = tuple(column.name for column in columns), strategy is MergeStrategy.APPEND
    key = (refuse_key if appends else read_key)(node.need("properties"))
    if not appends and "sequenceBy" not in values:
        raise node.need("customProperties").error("property 'sequenceBy' is missing; add it.")
    sequence = read_sequence(values.get("sequenceBy"), names)
    delete_flag = _column_name(values.get("deleteFlag"), names)
    operations = read_operations(values.get("operations"), {column.name: column.type for column in columns})
    return Roles(
        strategy, key, sequence, delete_flag, date, operations, is_snapshot="snapshotShrinkLimitPercent" in values
    )


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


def _pattern(node: Place) -> str:
    """Names of files, not of folders; those that begin with a point or a line below are hidden, and never looked at."""
    pattern = _text(node)
    if {*"/:"} & {*pattern} or pattern[0] in "._" or pattern != pattern.strip():
        wanted = "must match the names of files alone, which begin with neither . nor _ and hold no / and no :"
        raise node.error(f"{wanted}, found '{pattern}'.")
    return pattern


def _percent(node: Place) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not 0 <= node.value <= 100:
        raise node.error(f"must be a number from 0 to 100, found {node.value!r}.")
    return float(node.value)
