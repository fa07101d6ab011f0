"""What grows with the files and versions of a lake, measured without Spark: ingest's look for new files, table logs."""

from __future__ import annotations

import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from benchmarks.scale.results import FilesKnown, TableLog
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.ingest.ingest import plan_batches
from lakehouse.ingest.landing import settle
from lakehouse.lake.batches import BATCHES, BatchState
from lakehouse.lake.delta_log import Commit, append_once
from lakehouse.lake.files import StoredFile
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context

PER_BATCH = 1000
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def no_spark() -> SparkSession:
    """Nothing that is measured here needs a session."""
    raise AssertionError("no session is started")


def files_known(project: Project, folder: Path, files: int) -> FilesKnown:
    """The cost of a run that finds nothing new among so many files that were delivered before."""
    contract = project.contracts.of("erp")
    (dataset,) = contract.datasets
    context = Context(project, Lake.at(str(folder / f"known-{files}")), no_spark)
    _enter(context.lake, dataset, _listing(files))
    listed = _listing(files)
    started = time.monotonic()
    _look(context, contract, dataset, listed)
    seconds = round(time.monotonic() - started, 2)
    del listed
    tracemalloc.start()
    _look(context, contract, dataset, _listing(files))
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    ledger = sum(file.stat().st_size for file in Path(context.lake.ops("batches")).glob("*.parquet"))
    return FilesKnown(files, seconds, memory, ledger, Path(context.lake.landed("erp")).stat().st_size)


def _listing(files: int) -> list[StoredFile]:
    """What a listing of raw gives."""
    return [StoredFile(f"{n:012x}/erp_orders_{n}.csv", 4096, f"{n:032x}") for n in range(files)]


def _enter(lake: Lake, dataset: Dataset, listed: list[StoredFile]) -> None:
    """Enter the files in the batch log, a thousand a batch."""
    about = {"domain": dataset.domain, "dataset": dataset.name, "state": BatchState.PLANNED, "reason": None}
    about |= {"rows_in_file": 0, "run_id": "earlier", "recorded_at": NOON, "repeats": None}
    parts = [listed[first : first + PER_BATCH] for first in range(0, len(listed), PER_BATCH)]
    rows = [{**about, "batch_id": n, "files": [vars(file) for file in part]} for n, part in enumerate(parts, 1)]
    append_once(lake.ops("batches"), rows, BATCHES, Commit(f"batches:{dataset.name}", len(rows)))


def _look(context: Context, contract: Contract, dataset: Dataset, listed: list[StoredFile]) -> None:
    assert plan_batches(context, dataset, listed) == []
    settle(context.lake, context.contracts, contract, listed)


def table_log(folder: Path, files: int) -> TableLog:
    """A table of so many data files, a partition each, as its readers open it."""
    path = folder / f"log-{files}"
    rows = {"part": list(range(files)), "key": [f"SO-{n:09}" for n in range(files)], "day": [NOON.date()] * files}
    write_deltalake(str(path), pa.table(rows), partition_by="part")
    DeltaTable(str(path)).create_checkpoint()
    started = time.monotonic()
    assert len(DeltaTable(str(path)).file_uris()) == files
    seconds = round(time.monotonic() - started, 3)
    return TableLog(files, sum(file.stat().st_size for file in path.glob("_delta_log/*.checkpoint.parquet")), seconds)
