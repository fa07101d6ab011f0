"""Events of OpenLineage as a graph, and what the specification has against them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

Event = Mapping[str, Any]
Graph = Mapping[str, set[str]]


def graph_of(events: Iterable[Event]) -> Graph:
    """From each place that a job read to each that it wrote, by namespace and name."""
    graph: defaultdict[str, set[str]] = defaultdict(set)
    for event in events:
        written = {name_of(place) for place in event.get("outputs", ())}
        for place in event.get("inputs", ()):
            graph[name_of(place)] |= written - {name_of(place)}
    return graph


def name_of(place: Mapping[str, str]) -> str:
    """One word for a dataset; a local file's name is its path."""
    return place["name"] if place["namespace"] == "file" else f"{place['namespace']}/{place['name']}"


def reached(graph: Graph, start: str) -> set[str]:
    """Every place that something of `start` can have come to."""
    found, todo = set[str](), [start]
    while todo:
        for place in graph.get(todo.pop(), set()) - found:
            found.add(place)
            todo.append(place)
    return found


class Specification:
    """The JSON schemas of OpenLineage in a folder: the core, and one for each facet that is there."""

    def __init__(self, folder: Path) -> None:
        schemas = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
        resources = [(schema["$id"], Resource.from_contents(schema)) for schema in schemas]
        registry: Registry[Any] = Registry().with_resources(resources)
        by_file = {
            schema["$id"].rsplit("/", 1)[-1]: Draft202012Validator(
                schema, registry=registry, format_checker=FormatChecker()
            )
            for schema in schemas
        }
        self._core = by_file.pop("OpenLineage.json")
        self._facets = by_file

    def problems(self, event: Event) -> list[str]:
        """What is wrong with an event and its facets, a line each."""
        found = [f"{error.json_path}: {error.message}" for error in self._core.iter_errors(event)]
        for name, facet in facets_of(event):
            if checker := self._facets.get(schema_file(facet)):
                found += [f"{name}: {error.json_path}: {error.message}" for error in checker.iter_errors({name: facet})]
        return found

    def knows(self, facet: Mapping[str, Any]) -> bool:
        """Whether the folder holds the schema of a facet."""
        return schema_file(facet) in self._facets


def schema_file(facet: Mapping[str, Any]) -> str:
    """The name of the file in which a facet's schema stands."""
    return str(facet.get("_schemaURL", "")).split("#")[0].rsplit("/", 1)[-1]


def facets_of(event: Event) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every facet of an event: of its run, its job and its datasets."""
    holders = [event["run"], event["job"], *event.get("inputs", ()), *event.get("outputs", ())]
    for holder in holders:
        for words in ("facets", "inputFacets", "outputFacets"):
            yield from (holder.get(words) or {}).items()
