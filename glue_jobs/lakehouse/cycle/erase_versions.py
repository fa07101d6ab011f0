"""On S3 a person stays in what a bucket keeps beside its objects: earlier versions, deleted objects, failed uploads.

Earlier versions of what an erasure changes all go, as earlier versions of a table do. Those of anything else are
searched, and go where they hold a value or nobody can tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse.contracts.keep_days import RAW
from lakehouse.contracts.layers import BRONZE, MARTS, OPS, PINNED, QUARANTINE, SILVER
from lakehouse.cycle.erase_files import look, roots_of
from lakehouse.cycle.erase_work import Work
from lakehouse.ingest.landing import dataset_of
from lakehouse.lake.every_file import FileVersion, version_pages
from lakehouse.lake.object_versions import (
    UploadUnderWayError,
    delete_earlier,
    end_uploads,
    replicas_of,
    require_versions_are_free,
    require_writing,
    uploads_below,
)
from lakehouse.lake.paths import Lake
from lakehouse.lake.raw_layer import require_ingested

_OF_DATASETS = (BRONZE, QUARANTINE, SILVER)
_WHOLE = (MARTS, PINNED, OPS, "docs", "athena_results")
"""Folders of the curated layer of which nobody takes back an earlier version of an object."""
_BESIDE = ("docs", ".dbt")
"""The same beside the curated layer."""
NOT_SEARCHED = (
    "landing folders and whatever else the source keeps",
    "exports, backups and copies of the lake",
    "logs and histories of other programs: Spark, Airflow, queries",
    "temporary files of the machines that ran them",
)
NOT_SEARCHED_OF_S3 = (
    "the bucket of the logs: access logs, Spark's event logs",
    "CloudWatch's logs, Athena's history of queries, results that a workgroup writes into another bucket",
    "inventories, replicas and backups of the buckets",
    "objects of the buckets outside of the roots; metadata and tags that a source gave to an object",
    "pages in the bucket of Airflow's Variable lakehouse_docs_root, where there is one",
)


@dataclass(frozen=True)
class Kept:
    """What buckets keep beside the objects that readers see, and an erasure would delete."""

    earlier: int
    markers: int
    uploads: int

    @property
    def in_words(self) -> list[str]:
        """Each that there is."""
        named = {"earlier version": self.earlier, "marker of a deleted object": self.markers}
        named["upload that was not completed"] = self.uploads
        return [f"{number} × {name}" for name, number in named.items() if number]


def require_versions_can_go(work: Work, folders: tuple[str, ...]) -> None:
    """Before anything is changed: raise where S3 would refuse a part of the erasure.

    folders: those of all places, as a place names them.
    """
    lake = work.context.lake
    if lake.is_local:
        return
    raw = [lake.landing(dataset.domain) for dataset in work.datasets]
    below = [f"{lake.root}/{folder}" for folder in folders if folder != RAW and "." not in folder]
    require_writing(dict.fromkeys([*raw, *below]))


def require_raw(work: Work) -> None:
    """Raise RawNotThereError, or UploadUnderWayError for a file that somebody puts there at the moment.

    On S3 also where earlier versions cannot be listed or nobody can delete them: NotAllowedOnS3Error,
    VersionsAreLockedError.
    """
    lake, contracts = work.context.lake, work.context.contracts
    if lake.is_local:
        return
    require_versions_are_free(root for root, _ in roots_of(lake))
    for upload in uploads_below(lake.raw):
        if not upload.is_left:
            raise UploadUnderWayError(upload.address, upload.upload, upload.begun)
    require_ingested(lake, contracts.datasets)


def is_given_up(work: Work, path: str) -> bool:
    """Whether all earlier versions of an object go, by its path below the root."""
    first, *rest = path.split("/")
    named = {dataset.name for dataset in work.datasets}
    if first == RAW:
        owner = dataset_of(work.context.contracts, rest[-1]) if rest else None
        return owner is None or owner.name in named
    if first == "curated" and len(rest) > 1:
        return rest[0] in _WHOLE or (rest[0] in _OF_DATASETS and rest[1] in named)
    return first in _BESIDE or path == "report.html"


def clear_versions(work: Work) -> None:
    """Delete what a bucket keeps beside its objects; on a disk there is nothing of it."""
    lake = work.context.lake
    if lake.is_local:
        return
    for root, name in roots_of(lake):
        delete_earlier(
            root,
            lambda versions, name=name: list(_going(work, versions, name)),  # type: ignore[misc]
            lambda path, name=name: _goes_by_name(work, name + path),  # type: ignore[misc]
        )
        end_uploads(upload for upload in uploads_below(root) if upload.is_left or not _is_raw(lake, upload.address))


def _is_raw(lake: Lake, address: str) -> bool:
    """Whether it lies in the raw layer, into which sources put files at any time."""
    return address.startswith(f"{lake.raw}/")


def _goes_by_name(work: Work, path: str) -> bool:
    return is_given_up(work, path) or bool(work.sought.in_name(path))


def _going(work: Work, versions: list[FileVersion], name: str) -> Iterator[FileVersion]:
    """Those of some earlier versions that go."""
    rest = []
    for file in versions:
        if file.is_marker or _goes_by_name(work, name + file.path):
            yield file
        else:
            rest.append(file)
    yield from (looked.file for looked in look(rest, work.sought) if looked.may_hold)


def kept_beside(work: Work) -> Kept:
    """What would go of it by its name alone; what holds a value is found by the search."""
    lake = work.context.lake
    earlier = markers = uploads = 0
    for root, name in () if lake.is_local else roots_of(lake):
        for page in version_pages(root):
            going = [file for file in page if not file.is_shown and _goes_by_name(work, name + file.path)]
            markers += sum(file.is_marker for file in going)
            earlier += sum(not file.is_marker for file in going)
        uploads += sum(1 for _ in uploads_below(root))
    return Kept(earlier, markers, uploads)


def not_searched(lake: Lake) -> list[str]:
    """Where a person may be that nobody has looked for, in words."""
    if lake.is_local:
        return list(NOT_SEARCHED)
    replicas = {bucket for root, _ in roots_of(lake) for bucket in replicas_of(root)}
    return [*NOT_SEARCHED, *NOT_SEARCHED_OF_S3, *(f"the replica {bucket}" for bucket in sorted(replicas))]
