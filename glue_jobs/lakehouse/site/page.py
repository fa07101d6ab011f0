"""What a page of the site is, and the project that the pages are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.mart_graph import Mart
from lakehouse.contracts.marts import Described
from lakehouse.publish.views import View
from lakehouse.site.lineage import Lineage


@dataclass(frozen=True)
class Project:
    """What the project's files say. described: marts as their YAML describes them."""

    contracts: Contracts
    marts: tuple[Mart, ...]
    views: tuple[View, ...]
    described: Mapping[str, Described]
    lineage: Lineage
    dbt_name: str


@dataclass(frozen=True)
class Page:
    """One page. path: below the site. shows: what its template is given."""

    path: str
    template: str
    title: str
    shows: Mapping[str, Any] = field(default_factory=dict)

    @property
    def up(self) -> str:
        """From the page to the top of the site."""
        return "../" * self.path.count("/")
