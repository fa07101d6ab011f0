"""What dbt's manifest says of models and tests beside the models' queries."""

from __future__ import annotations

import hashlib

from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import manifest_of


def declared_columns(context: Context) -> dict[str, frozenset[str]]:
    """The columns that each model's file names."""
    nodes = manifest_of(context).nodes.values()
    return {node.name: frozenset(node.columns) for node in nodes if node.resource_type == "model"}


def digest_of_tests(context: Context, tag: str) -> str:
    """What changes when a model with a tag or a test of it does; a generic test's ID has a digest of its arguments."""
    nodes = manifest_of(context).nodes
    models = {key for key, node in nodes.items() if node.resource_type == "model" and tag in node.tags}
    tests = {k for k, node in nodes.items() if node.resource_type == "test" and models & set(node.depends_on.nodes)}
    said = sorted(f"{key} {nodes[key].checksum.checksum}" for key in models | tests)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]
