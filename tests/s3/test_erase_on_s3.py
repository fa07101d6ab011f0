"""A person is erased from a lake on S3: no version of an object has her, and the lake is one that never had her."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.cycle import erase_files, erase_places, erase_versions, rebuild
from lakehouse.cycle.erase import erase, plan_erasure, verify
from lakehouse.cycle.erase_certificate import CertificateError
from lakehouse.cycle.erase_verification import StillFoundError
from lakehouse.cycle.erase_work import work_of
from lakehouse.lake import blanked
from lakehouse.lake.batches import batches_of, known_files
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.files import list_files, read_text
from lakehouse.lake.landed import landed_in
from lakehouse.lake.object_versions import VersionsAreLockedError
from lakehouse.lake.paths import Lake
from lakehouse.lake.raw_layer import RawNotThereError
from lakehouse.runtime.context import Context
from tests.cycle import test_erase as on_disk
from tests.cycle.test_erase import BY, SUBJECT, WHO, held, lines_of, run_until, without_her
from tests.helpers.small_project import CONTRACT, with_docs, write_project
from tests.s3.conftest import Store
from tests.s3.erased_lake import CURATED, OTHERS, RAW, copied, deliver, history, holding, make_buckets, plant, run_steps

pytestmark = [pytest.mark.s3_drivers, pytest.mark.timeout(900)]

DELIVERIES = [lines_of(random.Random(number), number) for number in range(2)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    contract = CONTRACT.replace("quarantineLimitPercent, value: 50", "quarantineLimitPercent, value: 100")
    return with_docs(write_project(tmp_path_factory.mktemp("project"), contract))


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small project has no models, marts or views to bring after."""
    for module in (rebuild, erase_places):
        monkeypatch.setattr(module, "bring_after", lambda context, dataset: None)


@pytest.fixture(scope="module")
def wanted(
    lasting_store: Store, spark_on_s3: SparkSession, shop: Project, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What a lake holds that never had her."""
    context = Context(shop, Lake.at(str(tmp_path_factory.mktemp("wanted"))), lambda: spark_on_s3)
    for number, lines in enumerate(DELIVERIES, start=1):
        on_disk.deliver(context, number, without_her(lines))
    return held(context)


@pytest.fixture(scope="module")
def before(lasting_store: Store, spark_on_s3: SparkSession, shop: Project) -> Context:
    """The lake with her in every place."""
    context = Context(shop, make_buckets("before"), lambda: spark_on_s3)
    for number, lines in enumerate(DELIVERIES, start=1):
        deliver(context, number, lines)
    plant("before")
    return context


@pytest.fixture
def context(before: Context, request: pytest.FixtureRequest) -> Context:
    """A copy for one test."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    return Context(before.project, copied("before", name), before.spark)


def check(context: Context, wanted: dict[str, Any]) -> None:
    assert holding(context.lake) == []
    assert held(context) == wanted
    dataset = context.contracts.dataset("visits")
    files = list_files(context.lake.landing("shop"))
    assert set(files) == known_files(context.lake, dataset), "a file that was blanked is no delivery"
    assert landed_in(read_text(context.lake.landed("shop"))) == {file.path: file.version for file in files}
    before = len(batches_of(context.lake, dataset))
    run_steps(context)
    assert (len(batches_of(context.lake, dataset)), held(context)) == (before, wanted)


def test_no_version_of_an_object_has_her(context: Context, wanted: dict[str, Any]) -> None:
    assert len(holding(context.lake)) >= 12
    plan = {found.place: found.what for found in plan_erasure(work_of(context, SUBJECT, BY))}
    assert "earlier version" in plan["versions"]
    assert "1 × upload that was not completed" in plan["versions"]
    assert plan["results"] == "a value in 1 file"
    done = erase(work_of(context, SUBJECT, BY))
    check(context, wanted)
    assert done.verification.searched["versions"].files == 1
    name = context.lake.root.rpartition("/")[2]
    assert history(CURATED, f"{name}/{OTHERS}") == ["of others", "of others, later"], "the rest can be brought back"
    certificate = f"{context.lake.root}/{done.certificate}"
    assert verify(work_of(context, SUBJECT, BY), certificate).findings == ()
    assert WHO not in read_text(certificate)
    at_other = Context(context.project, Lake.at(context.lake.root, f"s3://{RAW}/before/raw"), context.spark)
    with pytest.raises(CertificateError, match="which --lake and --raw-root have to name"):
        verify(work_of(at_other, SUBJECT, BY), certificate)


def test_what_was_kept_beside_an_object_since_is_found_by_the_certificate(context: Context) -> None:
    done = erase(work_of(context, SUBJECT, BY))
    s3, key = boto3.client("s3"), f"{context.lake.root.rpartition('/')[2]}/curated/exports/x.csv"
    s3.put_object(Bucket=CURATED, Key=key, Body=WHO.encode())
    s3.delete_object(Bucket=CURATED, Key=key)
    with pytest.raises(StillFoundError, match=r"versions: curated/exports/x\.csv \(UTF-8\)"):
        verify(work_of(context, SUBJECT, BY), f"{context.lake.root}/{done.certificate}")


@pytest.mark.parametrize("left_out", ["delete_earlier", "remove_results"])
def test_a_place_that_the_plan_leaves_out_is_found(
    context: Context, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    owner = {"delete_earlier": erase_versions, "remove_results": erase_places}[left_out]
    monkeypatch.setattr(owner, left_out, lambda *_: None)
    place = {"delete_earlier": "versions", "remove_results": "results"}[left_out]
    with pytest.raises(StillFoundError, match=f"{place}: "):
        erase(work_of(context, SUBJECT, BY))
    monkeypatch.undo()
    for module in (rebuild, erase_places):
        monkeypatch.setattr(module, "bring_after", lambda context, dataset: None)
    erase(work_of(context, SUBJECT, BY))
    assert holding(context.lake) == []


def test_killed_at_random_boundaries_and_run_again(
    before: Context, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    more = ((erase_places, "enter_blanked"), (erase_places, "settle"), (erase_versions, "delete_earlier"),
            (erase_versions, "end_uploads"), (blanked, "_enter"), (erase_files, "write_over"))  # fmt: skip
    monkeypatch.setattr(on_disk, "BOUNDARIES", (*on_disk.BOUNDARIES, *more))

    def lake(name: str) -> Context:
        return Context(before.project, copied("before", name), before.spark)

    calls = run_until(lake("counted"), monkeypatch, None)
    places = random.Random(calls).sample(range(1, calls + 1), int(os.environ.get("KILLS", "3")))
    for at in sorted(places):
        context = lake(f"killed-{at}")
        with pytest.raises(on_disk.Killed):
            run_until(context, monkeypatch, at)
        erase(work_of(context, SUBJECT, BY))
        check(context, wanted)


@pytest.mark.parametrize("then", ["a run", "the same command"])
def test_a_file_that_was_put_and_not_entered_is_no_delivery(
    context: Context, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    dataset = context.contracts.dataset("visits")
    batches = len(batches_of(context.lake, dataset))

    def die(*_: object) -> None:
        raise on_disk.Killed

    with monkeypatch.context() as patch:
        patch.setattr(erase_places, "enter_blanked", die)
        with pytest.raises(on_disk.Killed):
            erase(work_of(context, SUBJECT, BY))
    assert set(list_files(context.lake.landing("shop"))) != known_files(context.lake, dataset)
    if then == "a run":
        run_steps(context)
        assert set(list_files(context.lake.landing("shop"))) == known_files(context.lake, dataset)
        assert len(batches_of(context.lake, dataset)) == batches
    erase(work_of(context, SUBJECT, BY))
    check(context, wanted)


def test_delivered_again_she_stays_out(context: Context, wanted: dict[str, Any]) -> None:
    erase(work_of(context, SUBJECT, BY))
    deliver(context, 7, [f"3,{WHO},5.00,99,2026-01-01T00:00:00Z,false"])
    assert held(context)["silver"] == wanted["silver"]
    assert [row["note"] for row in read_rows(context.lake.bronze("visits")) if row["note"] == WHO] == []


def test_a_raw_layer_elsewhere_is_not_passed_by(context: Context) -> None:
    elsewhere = Context(context.project, Lake.at(context.lake.root), context.spark)
    with pytest.raises(RawNotThereError, match=r"/raw has none of the files .* name it: --raw-root s3://BUCKET/raw"):
        plan_erasure(work_of(elsewhere, SUBJECT, BY))


def test_a_locked_bucket_is_refused_before_anything_is_changed(context: Context) -> None:
    boto3.client("s3").create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    locked = Context(context.project, Lake.at(context.lake.root, "s3://locked/raw"), context.spark)
    begun: Callable[[], list[Any]] = lambda: read_rows(context.lake.ops("erasures"))  # noqa: E731
    with pytest.raises(VersionsAreLockedError, match="s3://locked has Object Lock"):
        erase(work_of(locked, SUBJECT, BY))
    assert begun() == []
