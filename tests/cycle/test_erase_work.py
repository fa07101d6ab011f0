"""What an erasure waits for: a change of the dataset that was interrupted, but not the removal of old rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.cycle.erase_work import NotSettledError, Work, require_settled
from lakehouse.lake.dataset_changes import KEEP, REBUILD, ChangeState, record_change
from lakehouse.lake.decisions import Signature
from lakehouse.lake.erasures import Subject
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context

BY = Signature("ada", "ticket 1")


def no_spark() -> None:
    raise AssertionError("no Spark is needed")


@pytest.mark.parametrize(
    ("change", "waits"), [(KEEP, False), (REBUILD, False), ("drop-column", True)], ids=lambda given: str(given)
)
def test_a_change_that_was_interrupted(project: Project, tmp_path: Path, change: str, waits: bool) -> None:
    lake = Lake.at(str(tmp_path / "lake"))
    record_change(lake, "crm", "crm_leads", change, ChangeState.STARTED, "what", BY)
    context = Context(project, lake, no_spark)  # type: ignore[arg-type]
    work = Work(context, (Subject("crm", "crm_leads", "lead_id", "L-1"),), BY)
    if not waits:
        require_settled(work)
        return
    with pytest.raises(NotSettledError, match="crm_leads: a drop-column of it was interrupted, so nothing was erased"):
        require_settled(work)
