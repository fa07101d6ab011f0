"""The JVM of a laptop is chosen by the size of the raw layer, before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.runtime import session
from lakehouse.runtime.glue import LocalGlueContext
from lakehouse.runtime.spark_settings import INTERPRETED, SMALL_BYTES, driver_memory, local_settings

FIRST_COMPILER_ONLY = "-XX:TieredStopAtLevel=1"


@pytest.mark.parametrize("is_small", [True, False])
def test_the_optimizing_compiler_works_unless_data_are_small(project: Project, is_small: bool) -> None:
    options = local_settings(project, 2, is_small)["spark.driver.extraJavaOptions"]
    assert (FIRST_COMPILER_ONLY in options) is is_small


@pytest.mark.parametrize(
    ("is_small", "machine_gigabytes", "wanted"),
    [(True, 64, "2g"), (False, 0, "2g"), (False, 4, "2g"), (False, 24, "8g"), (False, 256, "16g")],
)
def test_the_heap_follows_from_the_work_and_the_machine(is_small: bool, machine_gigabytes: int, wanted: str) -> None:
    assert driver_memory(is_small, machine_gigabytes << 30) == wanted


def test_the_environment_decides_about_the_heap(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_DRIVER_MEMORY", "3g")
    assert local_settings(project, 2, is_small=False)["spark.driver.memory"] == "3g"


@pytest.mark.parametrize(("size", "is_small"), [(SMALL_BYTES - 1, True), (SMALL_BYTES, False)])
def test_the_raw_layer_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, is_small: bool) -> None:
    raw = tmp_path / "raw" / "erp" / "erp_orders.csv"
    raw.parent.mkdir(parents=True)
    with raw.open("wb") as file:
        file.truncate(size)
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(session, "local_session", lambda *given: started.append(given[1:]))
    assert LocalGlueContext(lake=Lake.at(str(tmp_path))).spark_session is None
    assert started == [(INTERPRETED if is_small else None, False, is_small)]
