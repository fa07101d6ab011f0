"""Plans the merge of rows without a key: all rows of a batch that silver does not have yet are added, once."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.table_files import table_files
from lakehouse.transform.candidate_files import CandidateFiles
from lakehouse.transform.kept import kept_since, without_aged
from lakehouse.transform.merge_errors import NullKeyError
from lakehouse.transform.outcomes import with_dates
from lakehouse.transform.planned_merge import MergePlan, Outcomes


def plan_append(spark: SparkSession, dataset: Dataset, rows: DataFrame, batch_id: int, path: str) -> MergePlan:
    """A batch goes in whole, by one commit, or is there already; raises NullKeyError before any write."""
    table = open_table(path)
    landed = with_dates(rows, dataset, batch_id)
    lost = F.count_if(F.col("dt").isNull()) if dataset.date_column else F.lit(0)
    groups = landed.groupBy(*dataset.partition_by).agg(F.count("*"), lost).collect()
    number, nulls = sum(row[-2] for row in groups), sum(row[-1] for row in groups)
    if nulls:
        raise NullKeyError(dataset.name, batch_id, nulls)
    since, new = kept_since(table, dataset), number
    if since is not None:
        landed = with_dates(without_aged(rows, dataset, since), dataset, batch_id)
        groups = landed.groupBy(*dataset.partition_by).agg(F.count("*"), lost).collect()
        new = sum(row[-2] for row in groups)
    is_known = table is not None and _has(spark, path, batch_id)
    counts = {"unchanged": new} if is_known else {"inserted": new}
    outcomes = Outcomes(number, number, stale=number - new, **counts)
    known = () if table is None else tuple(table_files(table, ()))
    nothing = CandidateFiles(dataset, known, (), None)
    return MergePlan(
        dataset=dataset,
        batch_id=batch_id,
        version=-1 if table is None else table.version(),
        outcomes=outcomes,
        changes=landed,
        read=nothing,
        located=False,
        replaced=nothing,
        partitions=() if is_known else tuple(sorted((tuple(row)[:-2] for row in groups), key=str)),
    )


def _has(spark: SparkSession, path: str, batch_id: int) -> bool:
    """Whether silver has rows of a batch; statistics of `_batch_id` leave out the files of all others."""
    return not tables.read(spark, path).where(F.col(BATCH_ID) == batch_id).limit(1).isEmpty()
