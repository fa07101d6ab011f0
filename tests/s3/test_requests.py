"""What a commit costs in requests; the table of benchmarks/merge/page.md is what is counted here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.rivals.driver import started
from tests.s3.conftest import Store
from tests.s3.test_processes import PROCESS, done

pytestmark = pytest.mark.s3_drivers

PAGE = Path(__file__).parents[2] / "benchmarks" / "merge" / "page.md"
APPENDS = 5
SHOWN = ("PUT commit", "HEAD commit", "LIST commit", "GET commit", "LIST log", "HEAD log", "GET log", "PUT log")


def counted(store: Store, folder: Path, name: str) -> Counter[str]:
    """The requests of some appends of one row each, none of which writes a checkpoint."""
    path = f"s3://lake/requests-{name}/orders"
    with started(str(folder / name), 1, PROCESS, (name,)) as (process,):
        store.quiet()
        done(process, f"{path} merge 1")
        done(process, f"{path} append X0")  # the second commit finds the table known
        store.quiet()
        for number in range(1, APPENDS + 1):
            done(process, f"{path} append X{number}")
        return store.counts


def row(name: str, counts: Counter[str]) -> str:
    """A line of the page's table."""
    cells = [f"{counts[kind] / APPENDS:g}" for kind in SHOWN]
    total = sum(number for kind, number in counts.items() if not kind.endswith("other")) / APPENDS
    return f"| {name} | {' | '.join(cells)} | {total:g} |"


@pytest.mark.timeout(300)
def test_requests_of_a_commit(store: Store, tmp_path: Path) -> None:
    ours, default = (counted(store, tmp_path, name) for name in ("ours", "default"))
    lines = [row("`ConditionalPutLogStore`", ours), row("`S3SingleDriverLogStore`", default)]
    print("\n".join(lines))
    assert ours["PUT commit"] == default["PUT commit"] == APPENDS
    # Delta itself looks at its commit once it is there; our store adds nothing to that.
    assert (ours["HEAD commit"], ours["LIST commit"], ours["GET commit"]) == (APPENDS, 0, 0)
    page = PAGE.read_text(encoding="utf-8")
    assert [line for line in lines if line not in page] == []
