"""`lakehouse new` over foreign files, then a run of them all: silver is what pandas reads, cell by cell."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import existing_table, table_version
from lakehouse.lake.paths import Lake
from tests.helpers.foreign_files import WRITTEN, Foreign
from tests.helpers.foreign_packages import fetched, tables
from tests.helpers.shop_models import with_dbt
from tests.helpers.small_project import with_docs, write_project

pytestmark = [pytest.mark.foreign, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def files(project: Project) -> list[Foreign]:
    return [*WRITTEN, *tables(fetched(project.cache / "foreign"))]


def plain(value: Any) -> Any:
    """A value of pandas or of the lake as one that can be compared: numbers exactly, times as instants."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(plain(one) for one in value)
    if isinstance(value, dict):
        return tuple(sorted((name, plain(one)) for name, one in value.items()))
    if value is None or value is pd.NaT or value != value or value == "":
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, Decimal, np.number)):
        number = Decimal(str(value.item() if isinstance(value, np.number) else value))
        return number.normalize() + 0
    if isinstance(value, datetime):  # pandas' Timestamp too
        return value.astimezone(UTC).isoformat() if value.tzinfo else f"{value.isoformat()} by no clock"
    return value.isoformat() if isinstance(value, date) else str(value)


def wanted(file: Foreign, path: Path) -> tuple[list[str], Counter[Any]]:
    frame = file.read(path)
    rows = [tuple(plain(value) for value in row) for row in frame.astype(object).itertuples(index=False, name=None)]
    return [str(name) for name in frame.columns], Counter(rows)


def found(lake: Lake, dataset: Dataset, names: list[str]) -> Counter[Any]:
    """The rows of silver in the order of the file's columns; a column that has no place in it shows."""
    columns = {column.delivered_name: column for column in dataset.columns}
    assert sorted(columns) == sorted(names), dataset.name
    rows = existing_table(lake.silver(dataset.name)).to_pyarrow_table().to_pylist()
    return Counter(tuple(plain(_whole(columns[name], row[columns[name].name])) for name in names) for row in rows)


def _whole(column: Column, value: Any) -> Any:
    """A struct in which every field is null is one that was not there."""
    is_empty = isinstance(value, dict) and column.fields and all(one is None for one in value.values())
    return None if is_empty else value


def taking(project: Project, file: Foreign) -> Dataset:
    """The one dataset that takes a file."""
    (dataset,) = (one for one in project.contracts.of("foreign").datasets if one.matches(file.name))
    return dataset


def run(project: Project, folder: Path, lake: Path) -> str:
    """The real command, in a process of its own."""
    words = ["run", "--landing", str(folder), "--lake", str(lake), "--domain", "foreign", "--until", "transform"]
    environment = {**os.environ, "LAKEHOUSE_PROJECT": str(project.root)}
    command = [sys.executable, "-m", "lakehouse", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_lake_has_what_pandas_reads(files: list[Foreign], project: Project, tmp_path: Path) -> None:
    made = with_dbt(with_docs(write_project(tmp_path / "project")))
    landing = tmp_path / "landing"
    landing.mkdir()
    for file in files:
        (landing / file.name).write_bytes(file.content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKEHOUSE_PROJECT", str(made.root))
        refused = [
            file.name
            for file in files
            if main(["new", str(landing / file.name), *file.words, "--domain", "foreign", "--yes"]) != 0
        ]
        assert refused == []
        assert main(["check"]) == 0
    made_of_files = Project(made.root)
    os.environ.setdefault("LAKEHOUSE_CACHE", str(project.cache))
    run(made_of_files, landing, tmp_path / "lake")
    lake = Lake.at(str(tmp_path / "lake"))
    versions = {}
    for file in files:
        dataset = taking(made_of_files, file)
        names, rows = wanted(file, landing / file.name)
        silver = found(lake, dataset, names)
        rows = Counter(set(rows)) if file.repeated and dataset.key else rows
        assert silver == rows, (
            f"{file.name}: lake {list((silver - rows).items())[:3]}, pandas {list((rows - silver).items())[:3]}"
        )
        versions[dataset.name] = table_version(lake.silver(dataset.name))
    run(made_of_files, landing, tmp_path / "lake")
    assert {name: table_version(lake.silver(name)) for name in versions} == versions, "the same files change nothing"

    sales = files[0]
    dataset = taking(made_of_files, sales)
    header, _, changed, *_ = sales.content.decode("cp1252").splitlines()
    first = wanted(sales, landing / sales.name)[1]
    good = [header, changed.replace(";;", ";4;"), *(f"{n:05};007;;{n},50;;02.11.2026" for n in range(100, 220))]
    (tmp_path / "good.csv").write_text("\n".join(good), encoding="cp1252")
    names, rows = wanted(sales, tmp_path / "good.csv")
    bad = ["00300;007;;zwölf;1;02.11.2026", ";007;;1,50;1;02.11.2026"]  # no number, no key
    (landing / "sales_2026-11-02.csv").write_text("\n".join([*good, *bad]), encoding="cp1252")
    run(made_of_files, landing, tmp_path / "lake")
    before = Counter({row: times for row, times in first.items() if row[0] != changed[:5]})
    assert len(before) == len(first) - 1
    assert found(lake, dataset, names) == before + rows
    assert existing_table(lake.quarantine(dataset.name)).to_pyarrow_table().num_rows == len(bad)
    del versions[dataset.name]
    assert {name: table_version(lake.silver(name)) for name in versions} == versions, "the others are left alone"
