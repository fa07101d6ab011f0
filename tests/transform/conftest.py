"""What the tests of the merge share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.dataset import Dataset
from tests.helpers.silver_table import Table


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> Callable[[Dataset], Table]:
    """A table of a dataset that is not there yet."""
    return lambda dataset: Table(spark, dataset, str(tmp_path / dataset.name))
