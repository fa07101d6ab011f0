"""A raw file on S3 out of which records were taken: its ETag is another, and it is the same delivery.

What is put in its place says which version it was, so that a process that was killed before it entered the new one
leaves no file that is taken for a new delivery.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pyarrow as pa
from deltalake import write_deltalake

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import BATCHES
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import open_table, read_rows, storage_options
from lakehouse.lake.every_file import s3
from lakehouse.lake.files import StoredFile, split_s3
from lakehouse.lake.paths import Lake

WAS = "lakehouse-was"
"""The name under which an object's metadata keep the version that the log of batches knew."""


def blanked_since(
    lake: Lake, dataset: Dataset, files: Iterable[StoredFile], known: Collection[StoredFile]
) -> dict[StoredFile, StoredFile]:
    """The files that no batch has because an erasure wrote them: each with the delivered one; on a disk none.

    known: the files of all batches.
    """
    if lake.is_local:
        return {}
    sizes = {(file.path, file.size) for file in known}
    new = [file for file in files if file not in known and (file.path, file.size) in sizes]
    found = {file: StoredFile(file.path, file.size, was_of(lake, dataset, file)) for file in new}
    return {file: before for file, before in found.items() if before in known}


def was_of(lake: Lake, dataset: Dataset, file: StoredFile) -> str:
    """The version that an object says it was; empty for one that was delivered as it is."""
    bucket, prefix = split_s3(lake.landing(dataset.domain))
    return str(s3().head_object(Bucket=bucket, Key=f"{prefix}/{file.path}")["Metadata"].get(WAS, ""))


def enter_blanked(lake: Lake, dataset: Dataset, changed: dict[StoredFile, StoredFile]) -> None:
    """Let the batches of delivered files have what became of them. changed: the delivered file of each."""
    if changed:
        after = {before: file for file, before in changed.items()}
        when_free(lake.ops("batches"), lambda: _enter(lake, dataset, after))


def _enter(lake: Lake, dataset: Dataset, after: dict[StoredFile, StoredFile]) -> None:
    path = lake.ops("batches")
    table = open_table(path)
    rows = []
    for row in read_rows(path, dataset=dataset.name):
        files = [StoredFile(**file) for file in row["files"]]
        if any(file in after for file in files):
            rows.append({**row, "files": [vars(after.get(file, file)) for file in files]})
    if table is None or not rows:
        return
    numbers = ", ".join(str(row["batch_id"]) for row in rows)
    write_deltalake(
        table,
        pa.Table.from_pylist(rows, schema=BATCHES),
        mode="overwrite",
        schema_mode="merge",
        predicate=f"dataset = '{dataset.name}' AND batch_id IN ({numbers})",
        storage_options=storage_options(path),
    )
