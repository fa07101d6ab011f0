"""Which lineage events are sent and where; `make test-lineage` checks a whole run's events by the specification."""

from __future__ import annotations

import pytest

from lakehouse.runtime.lineage_events import (
    ColumnSource,
    DatasetName,
    LineageEvent,
    Server,
    dataset_at,
    run_event,
    send,
    server_of,
)
from lakehouse.runtime.lineage_settings import lineage_from_environment
from tests.dags.receivers import Receiver

BRONZE, SILVER = DatasetName("s3://lake", "curated/bronze/orders"), DatasetName("s3://lake", "curated/silver/orders")
COLUMNS = {"order_id": ColumnSource(BRONZE, "order_id"), "dt": ColumnSource(BRONZE, "ordered_at", is_same=False)}
MERGED = LineageEvent("transform_erp.orders", [BRONZE], [SILVER], COLUMNS)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("s3://lake/curated/silver/orders", SILVER),
        ("s3a://lake/curated/silver/orders", SILVER),
        ("/lake/raw/a#b?.csv", DatasetName("file", "/lake/raw/a#b?.csv")),
    ],
)
def test_a_path_has_the_name_that_spark_gives_it(path: str, name: DatasetName) -> None:
    assert dataset_at(path) == name


@pytest.mark.parametrize(
    ("said", "settings"),
    [
        ({}, {}),
        ({"OPENLINEAGE_URL": "http://l", "OPENLINEAGE_DISABLED": "True"}, {}),
        (
            {"OPENLINEAGE_URL": "http://l"},
            {"transport.type": "http", "transport.url": "http://l", "transport.endpoint": "api/v1/lineage",
             "namespace": "lakehouse"},
        ),
        (
            {"OPENLINEAGE_URL": "http://l", "OPENLINEAGE_ENDPOINT": "x", "OPENLINEAGE_NAMESPACE": "retail",
             "OPENLINEAGE_API_KEY": "k", "OPENLINEAGE_PARENT_ID": "retail/a/b.c/7"},
            {"transport.type": "http", "transport.url": "http://l", "transport.endpoint": "x", "namespace": "retail",
             "transport.auth.type": "api_key", "transport.auth.apiKey": "k", "parentJobNamespace": "retail",
             "parentJobName": "a/b.c", "parentRunId": "7"},
        ),
    ],
    ids=["nothing", "off", "address alone", "everything"],
)  # fmt: skip
def test_the_environment_in_words_of_the_listener(
    said: dict[str, str], settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("URL", "DISABLED", "ENDPOINT", "NAMESPACE", "API_KEY", "PARENT_ID"):
        monkeypatch.delenv(f"OPENLINEAGE_{name}", raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert lineage_from_environment() == {f"spark.openlineage.{name}": value for name, value in settings.items()}


def test_the_server_is_the_one_of_the_settings() -> None:
    settings = {"spark.openlineage.transport.type": "http", "spark.openlineage.transport.url": "http://l:5000/"}
    assert server_of(settings) == Server("http://l:5000/api/v1/lineage", "lakehouse")
    parent = {"parentJobNamespace": "retail", "parentJobName": "a.b", "parentRunId": "7"}
    more = {f"spark.openlineage.{name}": value for name, value in parent.items()}
    found = server_of({**settings, **more, "spark.openlineage.transport.endpoint": "/x"})
    assert found == Server("http://l:5000/x", "lakehouse", parent={"namespace": "retail", "name": "a.b", "run": "7"})
    assert server_of({**settings, "spark.openlineage.transport.type": "console"}) is None
    assert server_of({"spark.sql.ansi.enabled": "true"}) is None


def test_a_merge_is_sent_with_its_columns_and_its_parent() -> None:
    parent = {"namespace": "retail", "name": "a.b", "run": "7"}
    with Receiver().serving() as receiver:
        send(Server(f"{receiver.address}/api/v1/lineage", "retail", "key", parent), MERGED)
        send(Server(f"{receiver.address}/api/v1/lineage", "retail"), LineageEvent("empty", [], []))
    sent, empty = receiver.bodies
    assert (sent["job"]["namespace"], sent["job"]["name"]) == ("retail", "transform_erp.orders")
    assert sent["inputs"] == [{"namespace": "s3://lake", "name": "curated/bronze/orders"}]
    (written,) = sent["outputs"]
    fields = written["facets"]["columnLineage"]["fields"]
    assert [(name, field["inputFields"][0]["field"]) for name, field in fields.items()] == [
        ("order_id", "order_id"),
        ("dt", "ordered_at"),
    ]
    subtypes = [field["inputFields"][0]["transformations"][0]["subtype"] for field in fields.values()]
    assert subtypes == ["IDENTITY", "TRANSFORMATION"]
    assert sent["run"]["facets"]["parent"]["run"] == {"runId": "7"}
    assert (empty["inputs"], empty["outputs"], empty["run"]["facets"]) == ([], [], {})
    assert sent["run"]["runId"] != empty["run"]["runId"]


def test_each_event_is_a_run_of_its_own() -> None:
    server = Server("http://l", "retail")
    assert run_event(server, MERGED)["run"]["runId"] != run_event(server, MERGED)["run"]["runId"]


def test_a_server_that_is_gone_or_refuses_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr("lakehouse.runtime.lineage_events.log.warning", lambda message, **_: logged.append(message))
    with Receiver().serving() as gone:
        pass
    with Receiver(status=500).serving() as broken:
        for server in (Server(gone.address, "a"), Server(broken.address, "a")):
            for _ in range(3):
                send(server, MERGED)
    assert logged == ["could not send lineage events; the job continues"] * 2
    assert len(broken.bodies) == 3
