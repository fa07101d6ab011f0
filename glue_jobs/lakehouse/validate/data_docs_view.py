"""Views that Great Expectations renders Data Docs with: pages that need nothing from a network.

Its own views load styles and scripts from nine public hosts, and the index shows its tables by those scripts.
The templates stand in great_expectations/plugins/custom_data_docs, where Great Expectations looks for them.
"""

from __future__ import annotations

from great_expectations.render.view import DefaultJinjaPageView


class OfflinePageView(DefaultJinjaPageView):  # type: ignore[misc]
    """A page of a suite or of a batch."""

    _template = "lakehouse_page.j2"


class OfflineIndexView(DefaultJinjaPageView):  # type: ignore[misc]
    """The page that links to all others."""

    _template = "lakehouse_index.j2"
