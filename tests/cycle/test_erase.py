"""After random deliveries with a person in every place, killed or not, the lake is one that never had her."""

from __future__ import annotations

import base64
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

from lakehouse.cycle import erase as erasing
from lakehouse.cycle import erase_places, rebuild
from lakehouse.cycle.erase import erase, verify
from lakehouse.cycle.erase_work import work_of
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake import purge
from lakehouse.lake.batches import validation_results_of
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.paths import Lake
from lakehouse.publish.pins import pin_table
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.helpers.small_project import CONTRACT, with_docs, write_project

pytestmark = pytest.mark.quality

WHO = "ann.o'neil@example.com"
OTHERS = ("joann.o'neil@example.com", "bob", "x", "")
SUBJECT = [f"shop/visits:note={WHO}"]
BY = Signature("ada", "ticket 1")
HEADER = "id,note,amount,seq,at,gone"
OWN = {"bronze": (), "quarantine": ("_raw_text", "_step", "_state"), "silver": ("dt", "_batch_id")}
BOUNDARIES: tuple[tuple[Any, str], ...] = (
    (erasing, "begin_erasure"), (erase_places, "blank"), (erase_places, "_delete"), (erase_places, "correct_counts"),
    (rebuild, "_write"), (purge, "_begin"), (purge, "existing_table"), (erase_places, "purge_history"),
    (erasing, "search_lake"), (erasing, "write_certificate"),
)  # fmt: skip


class Killed(BaseException):
    """As a process that ends: nothing of ours catches it."""


def lines_of(chance: random.Random, number: int) -> list[str]:
    """One delivery: new, late, repeated, deleted, quarantined and unsplit rows, some of them hers."""
    lines = [f"{100 + number},first,1.00,1,2026-01-01T00:00:00Z,false"]
    for _ in range(25):
        key, seq, day = chance.randint(1, 9), chance.randint(1, 30), chance.randint(1, 28)
        note = chance.choice((WHO, WHO, *OTHERS))
        gone = str(chance.random() < 0.2).lower()
        amount = "much" if chance.random() < 0.1 else f"{chance.randint(1, 99)}.50"
        shown = "" if chance.random() < 0.1 else key
        lines.append(f"{shown},{note},{amount},{seq},2026-0{1 + seq % 3}-{day:02}T00:00:00Z,{gone}")
    if chance.random() < 0.7:
        lines.append(f"broken,{WHO}")
    return lines


@pytest.fixture(scope="module")
def deliveries() -> list[list[str]]:
    chance = random.Random(int(os.environ.get("SEED", "7")))
    return [lines_of(chance, number) for number in range(int(os.environ.get("DELIVERIES", "3")))]


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small project has no models, marts or views to bring after."""
    for module in (rebuild, erase_places):
        monkeypatch.setattr(module, "bring_after", lambda context, dataset: None)


@pytest.fixture(scope="module")
def lake_with(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Context]:
    """A lake below a folder of this name, under the small contract."""
    root = tmp_path_factory.mktemp("erase")
    contract = CONTRACT.replace("quarantineLimitPercent, value: 50", "quarantineLimitPercent, value: 100")
    project = with_docs(write_project(root / "project", contract))
    return lambda name: Context(project, Lake.at(str(root / name)), lambda: spark)


def deliver(context: Context, number: int, lines: list[str]) -> None:
    folder = Path(context.lake.landing("shop"), f"v{number}")
    folder.mkdir(parents=True)
    (folder / "visits.csv").write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    for step in (ingest_domain, validate_domain, merge_domain):
        step(context, context.contracts.of("shop"))


def without_her(lines: list[str]) -> list[str]:
    return [line for line in lines if f",{WHO}" not in line]


@pytest.fixture(scope="module")
def before(lake_with: Callable[[str], Context], deliveries: list[list[str]]) -> Context:
    """The lake with her, pinned, and with her in places that nobody would think of."""
    context = lake_with("before")
    for number, lines in enumerate(deliveries):
        deliver(context, number, lines)
    pin_table(context.lake, "silver", "visits", "1")
    for name in (".dbt/run_results.json", "curated/docs/x.html", "report.html"):
        file = Path(context.lake.root, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"<td>{WHO}</td>", encoding="utf-8")
    return context


@pytest.fixture(scope="module")
def wanted(lake_with: Callable[[str], Context], deliveries: list[list[str]]) -> dict[str, Any]:
    """What a lake holds that never had her: after these deliveries, and after one more."""
    context = lake_with("wanted")
    for number, lines in enumerate(deliveries):
        deliver(context, number, without_her(lines))
    return held(context)


def held(context: Context) -> dict[str, Any]:
    """Every row of the three tables, and the counts of each batch."""
    found: dict[str, Any] = {}
    for layer, added in (
        ("bronze", ()),
        ("quarantine", ("_raw_text", "_step", "_state")),
        ("silver", ("dt", "_batch_id")),
    ):
        names = [*HEADER.split(","), *added]
        rows = read_rows(context.lake.table(layer, "visits"))
        found[layer] = sorted(repr([row[name] for name in names]) for row in rows)
    results = validation_results_of(context.lake, context.contracts.dataset("visits"))
    counts = ("batch_id", "status", "rows_landed", "rows_unreadable", "rows_quarantined", "rows_passed")
    found["counts"] = [tuple(getattr(result, name) for name in counts) for result in results]
    return found


def holding(root: str) -> Iterator[str]:
    """The files that hold her, by a search of the test's own."""
    needles = [WHO.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be")]
    needles += [base64.b64encode(b"\0" * n + WHO.encode())[4:-4] for n in range(3)]
    for file in Path(root).rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            if file.suffix == ".parquet":
                content += repr(duckdb.sql(f"from read_parquet('{file}')").fetchall()).encode()
                content += repr(duckdb.sql(f"from parquet_metadata('{file}')").fetchall()).encode()
            if any(needle in content.replace(b"joann.", b"jo_nn.") for needle in needles):
                yield file.relative_to(root).as_posix()


def copy_of(before: Context, lake_with: Callable[[str], Context], name: str) -> Context:
    context = lake_with(name)
    shutil.copytree(before.lake.root, context.lake.root, copy_function=shutil.copy2)
    return context


def run_until(context: Context, monkeypatch: pytest.MonkeyPatch, at: int | None) -> int:
    """Erase; die before or after the call with this number at one of the boundaries. Returns how many there were."""
    calls = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == at:
                raise Killed
            result = function(*args, **kwargs)
            calls += 1
            if calls == at:
                raise Killed
            return result

        return call

    with monkeypatch.context() as patch:
        for module, name in BOUNDARIES:
            patch.setattr(module, name, counted(getattr(module, name)))
        erase(work_of(context, SUBJECT, BY))
    return calls


@pytest.mark.timeout(5400)
def test_killed_at_random_boundaries_and_run_again(
    before: Context, wanted: dict[str, Any], lake_with: Callable[[str], Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len({Path(path).parts[:2] for path in holding(before.lake.root)}) >= 7, "she is in many places"
    assert held(before) != wanted
    whole = copy_of(before, lake_with, "whole")
    calls = run_until(whole, monkeypatch, None)
    check(whole, wanted)
    chance = random.Random(calls)
    for at in sorted(chance.sample(range(1, calls + 1), min(calls, int(os.environ.get("KILLS", "4"))))):
        context = copy_of(before, lake_with, f"killed {at}")
        with pytest.raises(Killed):
            run_until(context, monkeypatch, at)
        erase(work_of(context, SUBJECT, BY))
        check(context, wanted)


def check(context: Context, wanted: dict[str, Any]) -> None:
    assert list(holding(context.lake.root)) == []
    assert held(context) == wanted
    (certificate,) = Path(context.lake.docs, "erasures").glob("*.json")
    assert verify(work_of(context, SUBJECT, BY), str(certificate)).findings == ()


def test_delivered_again_she_stays_out_and_the_same_command_blanks_her(
    before: Context, lake_with: Callable[[str], Context], deliveries: list[list[str]]
) -> None:
    context, model = copy_of(before, lake_with, "again"), lake_with("model")
    erase(work_of(context, SUBJECT, BY))
    late = [*deliveries[0], f"3,{WHO},5.00,99,2026-01-01T00:00:00Z,false", "4,late,5.00,99,2026-01-01T00:00:00Z,false"]
    late = [line for line in late if not line.startswith("broken")]
    deliver(context, 77, late)
    for number, lines in enumerate([*deliveries, late]):
        deliver(model, number, without_her(lines))
    assert held(context) == held(model)
    assert list(holding(context.lake.root)) == ["raw/shop/v77/visits.csv"]
    erase(work_of(context, SUBJECT, BY))
    assert list(holding(context.lake.root)) == []
    assert held(context) == held(model)
