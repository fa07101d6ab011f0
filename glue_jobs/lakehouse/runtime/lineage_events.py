"""OpenLineage events: what a run read and wrote, and how they are sent to the server in Spark's settings."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlparse

from lakehouse import __version__, log
from lakehouse.privacy import without_values
from lakehouse.runtime.lineage_settings import ENDPOINT, PREFIX

PRODUCER = f"urn:retail-lakehouse:{__version__}"
_SPEC = "https://openlineage.io/spec"
_WAIT_SECONDS = 5


@dataclass(frozen=True)
class DatasetName:
    """A file, table or view by the name that Spark's listener uses for it."""

    namespace: str
    name: str


@dataclass(frozen=True)
class ColumnSource:
    """The dataset and column from which a column comes, unchanged or computed."""

    dataset: DatasetName
    column: str
    is_same: bool = True


@dataclass(frozen=True)
class LineageEvent:
    """One run of a job: what it read and wrote, and the sources of the written columns."""

    job: str
    read: Sequence[DatasetName]
    written: Sequence[DatasetName]
    columns: Mapping[str, ColumnSource] = field(default_factory=dict)


@dataclass(frozen=True)
class Server:
    """Where events are sent, the namespace of their jobs, and the run that started them (parent)."""

    address: str
    namespace: str
    api_key: str | None = None
    parent: Mapping[str, str] = field(default_factory=dict)


def dataset_at(path: str) -> DatasetName:
    """The name of a path of the lake: bucket and key, or the path on a disk."""
    url = urlparse(path)
    if url.scheme in ("s3", "s3a"):
        return DatasetName(f"s3://{url.netloc}", url.path.lstrip("/"))
    return DatasetName("file", path)


def server_of(settings: Mapping[str, str]) -> Server | None:
    """The server in Spark's settings; None if they name none, or a transport other than HTTP."""
    given = {name.removeprefix(PREFIX): value for name, value in settings.items() if name.startswith(PREFIX)}
    if given.get("transport.type") != "http" or "transport.url" not in given:
        return None
    address = f"{given['transport.url'].rstrip('/')}/{given.get('transport.endpoint', ENDPOINT).lstrip('/')}"
    names = {"namespace": "parentJobNamespace", "name": "parentJobName", "run": "parentRunId"}
    parent = {key: given[name] for key, name in names.items() if name in given}
    complete = parent if len(parent) == len(names) else {}
    return Server(address, given.get("namespace", "lakehouse"), given.get("transport.auth.apiKey"), complete)


def send(server: Server, event: LineageEvent) -> None:
    """Post one event; a failure is logged once per server, and the job continues."""
    headers = {"Content-Type": "application/json"}
    if server.api_key:
        headers["Authorization"] = f"Bearer {server.api_key}"
    try:
        body = json.dumps(run_event(server, event)).encode()
        with urllib.request.urlopen(
            urllib.request.Request(server.address, data=body, headers=headers), timeout=_WAIT_SECONDS
        ):
            pass
    except (OSError, ValueError) as error:
        _warn_once(server.address, without_values(error))


@cache
def _warn_once(address: str, reason: str) -> None:
    log.warning("could not send lineage events; the job continues", server=address, reason=reason)


def run_event(server: Server, event: LineageEvent) -> dict[str, Any]:
    """The event as an OpenLineage RunEvent of a completed run."""
    kind = {"processingType": "BATCH", "integration": "LAKEHOUSE", "jobType": "JOB"}
    facets = _columns(event.columns)
    return {
        "eventType": "COMPLETE",
        "eventTime": datetime.now(UTC).isoformat(),
        "producer": PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid4()), "facets": _parent(server.parent)},
        "job": {
            "namespace": server.namespace,
            "name": event.job,
            "facets": {"jobType": {**_facet("2-0-4/JobTypeJobFacet.json"), **kind}},
        },
        "inputs": [vars(dataset) for dataset in event.read],
        "outputs": [{**vars(dataset), "facets": facets} for dataset in event.written],
    }


def _parent(parent: Mapping[str, str]) -> dict[str, Any]:
    if not parent:
        return {}
    job = {"namespace": parent["namespace"], "name": parent["name"]}
    return {"parent": {**_facet("1-2-0/ParentRunFacet.json"), "run": {"runId": parent["run"]}, "job": job}}


def _columns(columns: Mapping[str, ColumnSource]) -> dict[str, Any]:
    if not columns:
        return {}
    fields = {name: {"inputFields": [_input_field(source)]} for name, source in columns.items()}
    return {"columnLineage": {**_facet("1-2-0/ColumnLineageDatasetFacet.json"), "fields": fields}}


def _input_field(source: ColumnSource) -> dict[str, Any]:
    how = {"type": "DIRECT", "subtype": "IDENTITY" if source.is_same else "TRANSFORMATION"}
    return {**vars(source.dataset), "field": source.column, "transformations": [how]}


def _facet(schema: str) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": f"{_SPEC}/facets/{schema}"}
