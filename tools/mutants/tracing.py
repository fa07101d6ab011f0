"""A plug-in of pytest that writes down which test runs which lines of one folder, and how long each test takes.

What a module runs when it is imported belongs to no test. With MUTANTS_SPARK=1 tests that ask for Spark are kept.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

_FOLDER = Path(os.environ["MUTANTS_FOLDER"]).resolve()
_cover = coverage.Coverage(data_file=None, config_file=False, source=[str(_FOLDER)], messages=False)
_cover.start()
_seconds: dict[str, float] = {}
_failed: set[str] = set()


def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Leave out the tests that start Spark."""
    if os.environ.get("MUTANTS_SPARK") != "1":
        started = [item for item in items if "spark" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=started)
        items[:] = [item for item in items if item not in started]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Lines that run from here on belong to this test."""
    _cover.switch_context(item.nodeid)
    result = yield
    _cover.switch_context("")
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up the phases of a test."""
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration
    if not report.passed:
        _failed.add(report.nodeid)


def pytest_unconfigure() -> None:
    """Write what was seen; what did not pass tells nothing about a bug and is left out."""
    _cover.stop()
    data = _cover.get_data()
    lines = {
        str(Path(file).relative_to(_FOLDER)): {
            line: sorted(tests - _failed - {""})
            for line, names in data.contexts_by_lineno(file).items()
            if (tests := set(names))
        }
        for file in data.measured_files()
    }
    modules = [name for name, module in list(sys.modules.items()) if _is_foreign(module)]
    seen = {"seconds": _seconds, "failed": sorted(_failed), "lines": lines, "modules": modules}
    Path(os.environ["MUTANTS_TRACE"]).write_text(json.dumps(seen), encoding="utf-8")


def _is_foreign(module: Any) -> bool:
    """Whether a module is of an installed package, so that no bug is planted in it."""
    file = getattr(module, "__file__", None)
    return bool(file) and "site-packages" in Path(file).parts
