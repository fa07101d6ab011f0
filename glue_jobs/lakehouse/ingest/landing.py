"""Brings a delivery into the raw layer, which keeps every version of every file."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse import log
from lakehouse.contracts.contract import Contract, Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import LakehouseError
from lakehouse.ingest.landing_source import files_at
from lakehouse.lake.batches import known_files
from lakehouse.lake.files import StoredFile, copy_in, exists
from lakehouse.lake.landed import record_landed
from lakehouse.lake.paths import Lake
from lakehouse.say import format_count

MOST_NAMED = 20
"""So many skipped files a run names; of more it says how many."""
ColumnsRead = Mapping[StoredFile, Sequence[str]]


class LandingError(LakehouseError):
    """The landing folder does not exist, or has no file that a contract's filePattern matches."""

    def __init__(self, folder: str, found: str, patterns: tuple[str, ...]) -> None:
        self.folder, self.found, self.patterns = folder, found, patterns
        super().__init__(f"Landing folder {folder} {found}; expected files named {', '.join(patterns)}.")


@dataclass(frozen=True)
class Delivery:
    """What a delivery held: files kept in raw (new or seen before), and those that nobody's pattern matches."""

    raw_files: tuple[str, ...]
    new_files: tuple[str, ...]
    unmatched: tuple[str, ...]


def dataset_of(contracts: Contracts, file_name: str) -> Dataset | None:
    """The dataset whose pattern a file name matches; the longest pattern wins where several do."""
    matching = [dataset for dataset in contracts.datasets if dataset.matches(file_name)]
    return max(matching, key=lambda dataset: len(dataset.file_pattern), default=None)


def unclaimed(contracts: Contracts, contract: Contract, files: Iterable[StoredFile]) -> list[str]:
    """A line for each raw file of a domain that none of its datasets takes, at most MOST_NAMED and one for the rest."""
    owners = [(file, dataset_of(contracts, file.name)) for file in files]
    strange = [(file, owner) for file, owner in owners if owner is None or owner.domain != contract.domain]
    patterns = ", ".join(dataset.file_pattern for dataset in contract.datasets)
    lines = [
        f"raw/{contract.domain}/{file.path}: skipped, "
        + (f"its name belongs to raw/{owner.domain}/" if owner else f"no filePattern of {contract.domain} matches it")
        + f" ({patterns})"
        for file, owner in strange[:MOST_NAMED]
    ]
    more = len(strange) - len(lines)
    return [*lines, f"raw/{contract.domain}/: {format_count(more, 'more file')} skipped"] if more else lines


def settle(
    lake: Lake, contracts: Contracts, contract: Contract, files: Sequence[StoredFile], read: ColumnsRead | None = None
) -> None:
    """Name the raw files of a domain that none of its datasets takes, and record which it need not look at again.

    read: the columns of files that this run has opened.
    """
    for line in unclaimed(contracts, contract, files):
        log.warning("file skipped", what=line)
    batched = set().union(*(known_files(lake, dataset) for dataset in contract.datasets))
    foreign = {file for file in files if dataset_of(contracts, file.name) not in contract.datasets}
    columns: dict[str, set[str]] = {}
    for file, names in (read or {}).items():
        if dataset := dataset_of(contracts, file.name):
            columns.setdefault(dataset.name, set()).update(names)
    record_landed(lake, contract.domain, [file for file in files if file in batched or file in foreign], columns)


def deliver(place: Path | str, lake: Lake, contracts: Contracts, domains: frozenset[str] | None = None) -> Delivery:
    """Copy the files of a delivery to raw/<domain>/, each version once; domains: of these alone (None: of all).

    place: a folder, a file, a pattern of names, or the same on S3. A file that a batch has had stays out where it is no
    longer kept. Raises LandingError when it is missing or no file matches.
    """
    wanted = [dataset for dataset in contracts.datasets if domains is None or dataset.domain in domains]
    patterns = tuple(dataset.file_pattern for dataset in wanted)
    files = files_at(str(place))
    if files is None:
        raise LandingError(str(place), "does not exist", patterns)
    owners = {file: dataset_of(contracts, file.name) for file in files}
    if not any(dataset in wanted for dataset in owners.values()):
        found = f"has {format_count(len(files), 'file')}, but no name matches" if files else "has no file"
        raise LandingError(str(place), found, patterns)
    kept: list[str] = []
    new: list[str] = []
    known = functools.cache(lambda dataset: {file.path for file in known_files(lake, dataset)})
    for file, dataset in owners.items():
        if dataset is not None and dataset in wanted:
            with file.local() as local:
                version = _version_of(local)
                target = f"{lake.landing(dataset.domain)}/{version}/{file.name}"
                kept.append(f"{dataset.domain}/{version}/{file.name}")
                if not exists(target) and f"{version}/{file.name}" not in known(dataset):
                    copy_in(local, target)
                    new.append(kept[-1])
    return Delivery(tuple(kept), tuple(new), tuple(file.name for file in files if owners[file] is None))


def _version_of(file: Path) -> str:
    """Digest of the content, as an ETag is on S3: the same name with other content is kept beside the first."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:12]
