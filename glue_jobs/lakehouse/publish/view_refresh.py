"""Brings Athena's views to what their files say: all of them stand, or the earlier set stays."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse import log
from lakehouse.lake.paths import DATABASE
from lakehouse.publish.athena import Athena
from lakehouse.publish.catalogue import MANAGED, GlueCatalogue, as_input
from lakehouse.publish.views import Shown, mark_in

_PREFIX, _SUFFIX = "/* Presto View: ", " */"


@dataclass(frozen=True)
class Refreshed:
    """What a refresh made and dropped."""

    made: tuple[str, ...]
    dropped: tuple[str, ...]


def refresh_views(athena: Athena, glue: GlueCatalogue, views: Sequence[Shown], waiting: Collection[str]) -> Refreshed:
    """Make the views that differ and drop ours whose file is gone; `waiting` ones stay as they are.

    Athena judges every new query before the first view is touched. Where one fails all the same, what stood before is
    put back. Views stand on tables alone, so a reader meets each one old or new, whatever dies when.
    """
    earlier = {entry["Name"]: entry for entry in glue.entries(DATABASE)}
    changed = [view for view in views if _mark_of(earlier.get(view.name, {})) != view.digest]
    for view in changed:
        athena.run(f"EXPLAIN (TYPE VALIDATE) {view.query}", f"accept the view {view.name}", DATABASE)
    stay = {view.name for view in views} | set(waiting)
    gone = [name for name, entry in earlier.items() if _mark_of(entry) and name not in stay]
    touched: list[str] = []
    try:
        for view in changed:
            touched.append(view.name)
            athena.run(view.statement, f"make the view {view.name}", DATABASE)
        for name in gone:
            touched.append(name)
            athena.run(f'DROP VIEW IF EXISTS "{DATABASE}"."{name}"', f"drop the view {name}", DATABASE)
    except Exception:
        for name in reversed(touched):
            glue.restore(DATABASE, name, earlier.get(name))
        log.warning("views put back as they were", views=",".join(touched))
        raise
    for view in views:
        describe_view(glue, view)
    return Refreshed(tuple(view.name for view in changed), tuple(gone))


def describe_view(glue: GlueCatalogue, view: Shown) -> None:
    """Note the description and the columns' comments, for which CREATE VIEW has no words.

    The entry's own description stays as it is: by it the engine knows its views, and reads no other.
    """
    entry = glue.entry(DATABASE, view.name)
    if entry is None:  # an endpoint that stands in for Athena and makes no views
        return
    comments = {column.name: column.comment[:255] for column in view.view.columns}
    wanted = as_input(entry)
    storage = wanted.get("StorageDescriptor", {})
    columns = [{**c, "Comment": comments.get(c["Name"], "")} for c in storage.get("Columns", ())]
    wanted["StorageDescriptor"] = {**storage, "Columns": columns}
    told = {MANAGED: "view", "lakehouse.description": view.view.description}
    wanted["Parameters"] = {**wanted.get("Parameters", {}), **told}
    if wanted != as_input(entry):
        glue.replace(DATABASE, wanted, entry)


def _mark_of(entry: Mapping[str, Any]) -> str | None:
    """Our mark in a view's text as Athena keeps it, None for what is not a view of ours."""
    text = entry.get("ViewOriginalText", "")
    if not text.startswith(_PREFIX):
        return None
    try:
        content = json.loads(base64.b64decode(text.removeprefix(_PREFIX).removesuffix(_SUFFIX)))
    except ValueError:
        return None
    return mark_in(str(content.get("originalSql", "")))
