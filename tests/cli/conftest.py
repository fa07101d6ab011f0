"""The products alone, as a dataset and as the contracts of a lake."""

from __future__ import annotations

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project


@pytest.fixture
def products(project: Project) -> Dataset:
    """The dataset of the products."""
    return project.contracts.dataset("products")


@pytest.fixture
def of_products(project: Project) -> Contracts:
    """The contract of the products alone."""
    return Contracts((project.contracts.of("products"),))
