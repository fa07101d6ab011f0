"""One driver on S3: killed between the PUT and its answer, beside delta-rs, and what a commit costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.lake.delta_log import commits_since, existing_table, recorded, storage_options
from tests.rivals.driver import MergingProcess, started
from tests.s3.conftest import Store
from tests.s3.tables import rows, versions, wrong

pytestmark = pytest.mark.s3_drivers

PROCESS = Path(__file__).with_name("writing_process.py")


@pytest.fixture(scope="module")
def driver(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MergingProcess]:
    """A driver with our log store."""
    with started(str(tmp_path_factory.mktemp("driver") / "ours"), 1, PROCESS, ("ours",)) as (process,):
        yield process


def done(process: MergingProcess, command: str) -> dict[str, object]:
    """What a driver answers to a command, which must not be an error."""
    process.tell(command)
    answer = process.wait_for("done")
    assert "error" not in answer, answer["text"]
    return answer


def appended_by_delta_rs(path: str, key: str) -> None:
    """A row from a writer that is not Spark."""
    table = DeltaTable(path, storage_options=storage_options(path))
    first = rows(path)[0]
    row = dict(zip([field.name for field in table.schema().fields], first, strict=True)) | {"id": key}
    write_deltalake(
        path, pa.Table.from_pylist([row], pa.schema(table.schema().to_arrow())), mode="append",
        storage_options=storage_options(path),
    )  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("fault", "landed"), [("unanswered", True), ("stuck", False)])
def test_killed_between_the_put_and_its_answer(
    store: Store, driver: MergingProcess, tmp_path: Path, fault: str, landed: bool
) -> None:
    path = f"s3://lake/{fault}/orders"
    store.quiet()
    done(driver, f"{path} merge 1")
    with started(str(tmp_path / "victim"), 1, PROCESS, ("ours",)) as (victim,):
        store.will(next=[fault])
        victim.tell(f"{path} merge 2")
        end = time.monotonic() + 60
        while (recorded(path, "merge") != 2) if landed else not store.faults[fault]:
            assert time.monotonic() < end, "the PUT never came"
            time.sleep(0.05)
        victim.kill()
    assert recorded(path, "merge") == (2 if landed else 1)
    assert done(driver, f"{path} merge 2")["skipped"] is landed
    assert wrong(path, [], (1, 2)) == []
    assert [commit["lakehouse"]["batch_id"] for commit in commits_since(path, -1)] == [1, 2]


@pytest.mark.timeout(300)
def test_the_answer_of_a_merge_is_lost(store: Store, driver: MergingProcess) -> None:
    path = "s3://lake/answer/orders"
    store.quiet()
    done(driver, f"{path} merge 1")
    for number, fault in enumerate(("lost_answer", "doubled", "straggler", "error_after"), start=2):
        store.will(next=[fault])
        answer = done(driver, f"{path} merge {number}")
        assert (answer["version"], answer["rivals"]) == (number - 1, []), fault
        assert done(driver, f"{path} merge {number}")["skipped"]
    assert wrong(path, [], range(1, 6)) == []
    assert versions(path) == [0, 1, 2, 3, 4]


@pytest.mark.timeout(300)
def test_spark_and_delta_rs_in_turn_and_at_once(store: Store, driver: MergingProcess) -> None:
    path = "s3://lake/two/orders"
    store.quiet()
    done(driver, f"{path} merge 1")
    for number in range(2):
        appended_by_delta_rs(path, f"X-rs-turn{number}")
        done(driver, f"{path} append X-spark-turn{number}")
    store.will(seed=1, mix={"none": 1, "slow": 1})  # so that they meet
    for number in range(8):
        driver.tell(f"{path} append X-spark{number}")
    writer = threading.Thread(target=lambda: [appended_by_delta_rs(path, f"X-rs{number}") for number in range(8)])
    writer.start()
    answers = [driver.wait_for("done") for _ in range(8)]
    writer.join()
    store.quiet()
    assert [answer for answer in answers if "error" in answer] == []
    kinds = {f"X-{who}{number}" for who in ("rs", "spark") for number in range(8)}
    kinds |= {f"X-{who}-turn{number}" for who in ("rs", "spark") for number in range(2)}
    assert {row[0] for row in rows(path) if row[0].startswith("X")} == kinds
    assert wrong(path, answers, (1,)) == []
    assert len(versions(path)) == 1 + 4 + 16


def test_delta_rs_does_not_know_its_own_commit_again(store: Store, driver: MergingProcess) -> None:
    """It commits the same files a second time, which doubles no row (docs/how-to/write-on-s3.md)."""
    path = "s3://lake/doubled/orders"
    store.quiet()
    done(driver, f"{path} merge 1")
    before = len(rows(path))
    store.will(next=["lost_answer"])
    appended_by_delta_rs(path, "X-rs")
    assert (len(rows(path)) - before, existing_table(path).version()) == (1, 2)
