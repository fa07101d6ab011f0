"""A project in which a command is run; the products alone, as a dataset and as the contracts of a lake."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from tests.helpers.small_project import write_project


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of one domain, shop, in which the command is run."""
    project = write_project(tmp_path / "project")
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(project.root))
    return project


@pytest.fixture
def products(project: Project) -> Dataset:
    """The dataset of the products."""
    return project.contracts.dataset("products")


@pytest.fixture
def of_products(project: Project) -> Contracts:
    """The contract of the products alone."""
    return Contracts((project.contracts.of("products"),))
