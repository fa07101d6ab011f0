"""Where the layers of a lake lie, on a disk or on S3."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from lakehouse.contracts.layers import BRONZE, OPS, QUARANTINE, SILVER
from lakehouse.errors import LakehouseError

REPAIRS = "repairs"
"""The folder below a domain's raw files that holds what people mended in quarantine."""

LEDGERS = (
    "batches", "dataset_changes", "decisions", "erasures", "milestones", "pins", "published",
    "quality_results", "quarantine_changes", "reveals", "rollbacks", "runs", "steps", "ties", "validation_results",
)  # fmt: skip
"""All tables of the ops layer."""
PRIVATE_LEDGERS = frozenset({"dataset_changes", "decisions", "erasures", "quarantine_changes", "reveals"})
"""Not published to analysts: they name the people who decided, repaired or looked, and reasons in free text."""
PUBLISHED_LEDGERS = tuple(name for name in LEDGERS if name not in PRIVATE_LEDGERS)


LANDED = f"{OPS}/_landed"
"""The folder below the curated layer that says which raw files ingest has dealt with."""

# Pages below the root of a lake.
DATA_DOCS_PAGE = "curated/docs/data_docs/index.html"
DBT_DOCS_PAGE = "curated/docs/dbt/index.html"
SITE_PAGE = "curated/docs/site/index.html"


class LakeNotWritableError(LakehouseError):
    """The folder of the lake cannot be made or written."""

    def __init__(self, folder: str, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(f"Cannot write the lake in {folder}: {reason}. Name a folder that can be written.")


class LakePathError(LakehouseError):
    """The path of a lake has characters that one of its engines reads as something else."""

    def __init__(self, path: str, found: str) -> None:
        self.path, self.found = path, found
        super().__init__(
            f"The path of the lake {path!r} contains {found!r}, which not every engine of the lake can open; name a "
            "folder without control characters, [ ] | ^ \\ # ? ${ and % before two hexadecimal digits."
        )


class BucketNameError(LakehouseError):
    """The path of a lake on S3 names no bucket, as where a variable in it is not set."""

    def __init__(self, path: str, found: str) -> None:
        self.path, self.found = path, found
        super().__init__(
            f"The path of the lake {path!r} names {f'no bucket but {found!r}' if found else 'no bucket'}, wanted "
            "s3://bucket/prefix; look whether every variable in it is set."
        )


_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# delta-rs and DuckDB take the path for a URL (after # or ? delta-rs lists no history), Spark substitutes ${…} in SQL.
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\[\]|^\\#?]|\$\{|%[0-9A-Fa-f]{2}")


@dataclass(frozen=True)
class Lake:
    """The roots of the raw and the curated layer; on S3 each may be a bucket of its own."""

    raw: str
    curated: str

    @classmethod
    def at(cls, root: str, raw_root: str | None = None) -> Lake:
        """The lake under one root: a folder or s3://bucket/prefix; raw_root puts the raw layer elsewhere.

        Raises LakePathError for a path that not every engine can open, BucketNameError for one on S3 without a bucket.
        """
        if "\0" in root:
            raise LakePathError(root, "\0")
        base = root.rstrip("/") if is_s3(root) else str(Path(root).expanduser().resolve())
        for path in (root, raw_root or ""):
            if is_s3(path) and not _BUCKET.fullmatch(bucket := path.split("/")[2]):
                raise BucketNameError(path, bucket)
        for path in (base, raw_root or ""):
            if found := _UNUSABLE.search(path):
                raise LakePathError(path, found[0])
        return cls(raw=(raw_root or f"{base}/raw").rstrip("/"), curated=f"{base}/curated")

    @property
    def is_local(self) -> bool:
        """True when the lake lies on a disk."""
        return not is_s3(self.curated)

    @property
    def root(self) -> str:
        """The common root of a lake that has one."""
        return self.curated.removesuffix("/curated")

    def landing(self, domain: str) -> str:
        """Where the delivered files of a domain are kept."""
        return f"{self.raw}/{domain}"

    def table(self, layer: str, name: str) -> str:
        """Path of a Delta table."""
        return f"{self.curated}/{layer}/{name}"

    def bronze(self, dataset: str) -> str:
        """Every readable row as delivered, with its batch."""
        return self.table(BRONZE, dataset)

    def quarantine(self, dataset: str) -> str:
        """Rows that cannot be read or broke a rule."""
        return self.table(QUARANTINE, dataset)

    def silver(self, dataset: str) -> str:
        """The latest truth per key."""
        return self.table(SILVER, dataset)

    def ops(self, name: str) -> str:
        """Tables about batches, validation results and builds."""
        return self.table(OPS, name)

    def landed(self, domain: str) -> str:
        """Which raw files of a domain ingest has dealt with."""
        return f"{self.curated}/{LANDED}/{domain}.json"

    @property
    def docs(self) -> str:
        """Data Docs and dbt docs."""
        return f"{self.curated}/docs"

    def require_writable(self) -> None:
        """Make the root of a local lake; raises LakeNotWritableError when that is not possible."""
        if not self.is_local:
            return
        try:
            Path(self.curated).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeNotWritableError(self.root, error.strerror or str(error)) from None
        if not os.access(self.curated, os.W_OK | os.X_OK):
            raise LakeNotWritableError(self.root, "no permission to write")


def is_s3(path: str) -> bool:
    """Tell whether a path names an object store."""
    return path.startswith(("s3://", "s3a://"))


def for_spark(path: str) -> str:
    """The path as Hadoop's file systems want it."""
    return "s3a://" + path.removeprefix("s3://") if path.startswith("s3://") else path


def sql_text(text: str) -> str:
    """A text as a literal of Spark SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def delta_name(path: str) -> str:
    """A Delta table by its path, as Spark SQL names it."""
    return f"delta.`{for_spark(path).replace('`', '``')}`"


def is_repair(path: str) -> bool:
    """Tell whether a file of a domain's raw folder holds repaired rows."""
    return path.startswith(f"{REPAIRS}/")
