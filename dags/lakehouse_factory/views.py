"""The Athena views as a reader uses them: each is queried through Athena once the publish job has created them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.glue_catalog import GlueCatalogHook
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.sdk.exceptions import AirflowSkipException
from botocore.exceptions import ClientError

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import exploded_lists
from lakehouse.contracts.layers import ANALYTICS, LAYERS, SILVER
from lakehouse_factory.lineage import athena_view, dataset_at, facets

if TYPE_CHECKING:
    from airflow.sdk import Context

_TABLE = re.compile(rf'"?\b({"|".join((*LAYERS, ANALYTICS))})\b"?\s*\.\s*"?(\w+)"?', re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class ViewFile:
    """A view and what it reads, as `layer.name`; another view is `analytics.name`."""

    name: str
    reads: tuple[str, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """What it reads of the lake itself."""
        return tuple(name for name in self.reads if not name.startswith(f"{ANALYTICS}."))

    @property
    def views(self) -> tuple[str, ...]:
        """The other views it reads."""
        return tuple(name.split(".")[1] for name in self.reads if name.startswith(f"{ANALYTICS}."))


def read_view_files(folder: Path) -> list[ViewFile]:
    """Every view of the folder, by name; the publish job has checked the SQL itself."""
    return [_read(file) for file in sorted(folder.glob("*.sql"))]


def views_of_lists(contracts: Contracts) -> list[ViewFile]:
    """The views of lists that contracts explode, which no file has."""
    lists = exploded_lists(contracts.datasets)
    return [ViewFile(elements.name, (f"{SILVER}.{dataset.name}",)) for dataset, elements in lists]


def _read(file: Path) -> ViewFile:
    sql = _COMMENT.sub(" ", file.read_text(encoding="utf-8"))
    found = sorted({f"{layer.lower()}.{name.lower()}" for layer, name in _TABLE.findall(sql)})
    return ViewFile(file.stem, tuple(found))


class ViewQuery(AthenaOperator):
    """Queries one view for no rows, which fails if the view is missing, stale, or names a column that no longer exists.

    Athena answers `LIMIT 0` without opening a file. Its lineage is the view's own: the tables it reads, to the view.

    Args:
        lake_root: root of the lake, for the names that Spark's events give its tables.
        reads, also_views: what the view reads, as `layer.name` and as names of views.
    """

    template_fields: Sequence[str] = (*AthenaOperator.template_fields, "lake_root")

    def __init__(self, *, view: str, reads: Sequence[str], also_views: Sequence[str], lake_root: str, **kwargs: Any):
        query = f'SELECT * FROM "{ANALYTICS}"."{view}" LIMIT 0'
        super().__init__(query=query, database=ANALYTICS, **kwargs)
        self.view, self.reads, self.also_views, self.lake_root = view, tuple(reads), tuple(also_views), lake_root

    def execute(self, context: Context) -> str | None:
        """Query the view; skipped while a table that it reads has not been published, for then there is no view."""
        for table in self.reads:
            if not self._is_published(*table.split(".")):
                raise AirflowSkipException(f"{self.view} waits for {table}, which holds nothing yet.")
        return super().execute(context)

    def _is_published(self, database: str, name: str) -> bool:
        hook = GlueCatalogHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name)
        try:
            hook.conn.get_table(DatabaseName=database, Name=name)
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return False
            raise
        return True

    def get_openlineage_facets_on_complete(self, _: Any) -> Any:
        """From the tables of the lake and the views below, to this view."""
        region = str(self.hook.conn_region_name)
        tables = [dataset_at(self.lake_root, f"curated/{name.replace('.', '/')}") for name in self.reads]
        below = [athena_view(region, self.catalog, ANALYTICS, name) for name in self.also_views]
        return facets([*tables, *below], [athena_view(region, self.catalog, ANALYTICS, self.view)], self.query)
