"""Updates Athena's views from their files: either all of them, or the previous set is restored."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse import log
from lakehouse.contracts.layers import ANALYTICS
from lakehouse.publish.athena import Athena
from lakehouse.publish.catalogue import MANAGED, GlueCatalogue, as_input
from lakehouse.publish.views import ResolvedView, fingerprint_in

_PREFIX, _SUFFIX = "/* Presto View: ", " */"


@dataclass(frozen=True)
class RefreshResult:
    """The views that a refresh created and dropped."""

    created: tuple[str, ...]
    dropped: tuple[str, ...]


def refresh_views(
    athena: Athena, glue: GlueCatalogue, views: Sequence[ResolvedView], postponed: Collection[str]
) -> RefreshResult:
    """Create the views that differ and drop those without a file; postponed ones do not change.

    Athena validates every new query before the first view changes. If one fails anyway, the
    previous views are restored.
    Views read only tables, so each one is always either old or new, even if the process is killed.
    """
    earlier = {entry["Name"]: entry for entry in glue.entries(ANALYTICS)}
    changed = [view for view in views if _fingerprint_of(earlier.get(view.name, {})) != view.digest]
    for view in changed:
        athena.run(f"EXPLAIN (TYPE VALIDATE) {view.query}", f"accept the view {view.name}", ANALYTICS)
    wanted = {view.name for view in views} | set(postponed)
    obsolete = [name for name, entry in earlier.items() if _fingerprint_of(entry) and name not in wanted]
    touched: list[str] = []
    try:
        for view in changed:
            touched.append(view.name)
            athena.run(view.statement, f"create the view {view.name}", ANALYTICS)
        for name in obsolete:
            touched.append(name)
            athena.run(f'DROP VIEW IF EXISTS "{ANALYTICS}"."{name}"', f"drop the view {name}", ANALYTICS)
    except Exception:
        for name in reversed(touched):
            glue.restore(ANALYTICS, name, earlier.get(name))
        log.warning("previous views restored", views=",".join(touched))
        raise
    for view in views:
        describe_view(glue, view)
    return RefreshResult(tuple(view.name for view in changed), tuple(obsolete))


def describe_view(glue: GlueCatalogue, view: ResolvedView) -> None:
    """Add the description and the columns' comments to a view's entry in Glue, which CREATE VIEW cannot set.

    The entry's own description does not change, because Athena recognizes its views by it.
    """
    entry = glue.entry(ANALYTICS, view.name)
    if entry is None:  # a mock of Athena that creates no views
        return
    comments = {column.name: column.comment[:255] for column in view.view.columns}
    wanted = as_input(entry)
    storage = wanted.get("StorageDescriptor", {})
    columns = [{**c, "Comment": comments.get(c["Name"], "")} for c in storage.get("Columns", ())]
    wanted["StorageDescriptor"] = {**storage, "Columns": columns}
    parameters = {MANAGED: "view", "lakehouse.description": view.view.description}
    wanted["Parameters"] = {**wanted.get("Parameters", {}), **parameters}
    if wanted != as_input(entry):
        glue.replace(ANALYTICS, wanted, entry)


def _fingerprint_of(entry: Mapping[str, Any]) -> str | None:
    """The fingerprint in a view's text as Athena stores it; None if these jobs did not create it."""
    text = entry.get("ViewOriginalText", "")
    if not text.startswith(_PREFIX):
        return None
    try:
        content = json.loads(base64.b64decode(text.removeprefix(_PREFIX).removesuffix(_SUFFIX)))
    except ValueError:
        return None
    return fingerprint_in(str(content.get("originalSql", "")))
