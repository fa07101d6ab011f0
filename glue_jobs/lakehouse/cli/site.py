"""`lakehouse site`: builds the static site of a lake: how it stands, runs, datasets, marts, lineage and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.cli.app import RUN, command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, LakePath, commands_on
from lakehouse.cli.printing import print_line

if TYPE_CHECKING:
    from lakehouse.runtime.context import Context

app = new_app()


@command(app, "site", example="lakehouse site --lake s3://bucket/prefix", panel=RUN)
def site(lake: LakePath = DEFAULT_LAKE) -> None:
    """Build the static site of the lake, and print where its first page is; `lakehouse run` does it at its end.

    Pages on how the lake stands, the last runs, each dataset, mart and view, lineage and costs, with search. They open
    offline and from the bucket.
    """
    from lakehouse.contracts.project import find_project
    from lakehouse.lake.paths import Lake
    from lakehouse.site.build import build_site

    opened = Lake.at(lake)
    opened.require_writable()
    print_line(build_site(opened, find_project(), commands_on(lake)))


def renew(context: Context, lake: str) -> None:
    """Where the lake has a site, write it anew, so that no page is left of what is gone."""
    from lakehouse.lake.files import exists
    from lakehouse.lake.paths import SITE_PAGE
    from lakehouse.site.build import build_site

    if exists(f"{context.lake.root}/{SITE_PAGE}"):
        build_site(context.lake, context.project, commands_on(lake))
