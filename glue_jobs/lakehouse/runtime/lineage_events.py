"""Events of OpenLineage: what a run read and wrote, and how it reaches the server that Spark's settings name."""

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
from lakehouse.runtime.lineage_settings import ENDPOINT, PREFIX

PRODUCER = f"urn:retail-lakehouse:{__version__}"
_SPEC = "https://openlineage.io/spec"
_WAIT_SECONDS = 5


@dataclass(frozen=True)
class Place:
    """A file, table or view by the name that Spark's listener gives it."""

    namespace: str
    name: str


@dataclass(frozen=True)
class ColumnSource:
    """Which column of which place a column comes from; as it is, or computed."""

    place: Place
    column: str
    is_same: bool = True


@dataclass(frozen=True)
class Told:
    """What one run did: its job, what it read and wrote, and for tables written where their columns come from."""

    job: str
    read: Sequence[Place]
    written: Sequence[Place]
    columns: Mapping[str, ColumnSource] = field(default_factory=dict)


@dataclass(frozen=True)
class Server:
    """Where events go, as part of what, and under whose run."""

    address: str
    namespace: str
    api_key: str | None = None
    parent: Mapping[str, str] = field(default_factory=dict)


def place_at(path: str) -> Place:
    """A place of the lake: by bucket and key, or by its path on a disk."""
    found = urlparse(path)
    if found.scheme in ("s3", "s3a"):
        return Place(f"s3://{found.netloc}", found.path.lstrip("/"))
    return Place("file", path)


def server_of(settings: Mapping[str, str]) -> Server | None:
    """The server that Spark's settings name; None where lineage is not wanted, or does not go over HTTP."""
    said = {name.removeprefix(PREFIX): value for name, value in settings.items() if name.startswith(PREFIX)}
    if said.get("transport.type") != "http" or "transport.url" not in said:
        return None
    address = f"{said['transport.url'].rstrip('/')}/{said.get('transport.endpoint', ENDPOINT).lstrip('/')}"
    names = {"namespace": "parentJobNamespace", "name": "parentJobName", "run": "parentRunId"}
    parent = {word: said[name] for word, name in names.items() if name in said}
    whole = parent if len(parent) == len(names) else {}
    return Server(address, said.get("namespace", "lakehouse"), said.get("transport.auth.apiKey"), whole)


def send(server: Server, told: Told) -> None:
    """Post one event; a server that does not take it is logged once, and the work goes on."""
    headers = {"Content-Type": "application/json"}
    if server.api_key:
        headers["Authorization"] = f"Bearer {server.api_key}"
    try:
        body = json.dumps(event(server, told)).encode()
        with urllib.request.urlopen(
            urllib.request.Request(server.address, data=body, headers=headers), timeout=_WAIT_SECONDS
        ):
            pass
    except (OSError, ValueError) as error:
        _warn_once(server.address, f"{type(error).__name__}: {error}")


@cache
def _warn_once(address: str, reason: str) -> None:
    log.warning("lineage could not be told; the work goes on", server=address, reason=reason)


def event(server: Server, told: Told) -> dict[str, Any]:
    """One completed run in OpenLineage's words."""
    kind = {"processingType": "BATCH", "integration": "LAKEHOUSE", "jobType": "JOB"}
    facets = _columns(told.columns)
    return {
        "eventType": "COMPLETE",
        "eventTime": datetime.now(UTC).isoformat(),
        "producer": PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid4()), "facets": _parent(server.parent)},
        "job": {
            "namespace": server.namespace,
            "name": told.job,
            "facets": {"jobType": {**_facet("2-0-4/JobTypeJobFacet.json"), **kind}},
        },
        "inputs": [vars(place) for place in told.read],
        "outputs": [{**vars(place), "facets": facets} for place in told.written],
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
    return {**vars(source.place), "field": source.column, "transformations": [how]}


def _facet(schema: str) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": f"{_SPEC}/facets/{schema}"}
