"""Data Docs of a lake on S3: built in a folder of this machine, from the results that lie there, and sent page by page.

This release of Great Expectations writes to folders alone.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from lakehouse.lake.files import copy_in, copy_out, list_files
from lakehouse.validate.data_docs import INDEX_LIMIT, DataDocs
from lakehouse.validate.result import Evaluation

RESULTS, VALIDATIONS, INDEX = "results", "validations", "index.html"


class DataDocsOnS3:
    """The Data Docs of a lake on S3: `add` does what it does on a disk."""

    def __init__(self, project: Path, root: str) -> None:
        """root: where the pages lie, `s3://…`."""
        self._root = root
        self._folder = Path(tempfile.mkdtemp(prefix="data-docs-"))
        self._docs = DataDocs(project, self._folder)
        self._sent: dict[Path, int] = {}

    def add(self, evaluation: Evaluation, batch_id: int, validated_at: datetime) -> str:
        """Store the evaluation on a batch, send its page and the index, and return the path of the page."""
        self._fetch()
        page = self._docs.add(evaluation, batch_id, validated_at)
        self._send()
        return f"{self._root}/{page.relative_to(self._folder).as_posix()}"

    def refresh(self) -> None:
        """Build the index of the results that are there, and send it."""
        self._fetch()
        self._docs.refresh()
        self._send()

    def _fetch(self) -> None:
        """Get what the index tells of: the newest results; of pages it needs to know only that they are there."""
        there = [Path(file.path) for file in list_files(self._root)]
        by_age = sorted((path for path in there if path.parts[0] == RESULTS), key=_validated_at)
        results = set(by_age[-INDEX_LIMIT:])
        shown = {Path(VALIDATIONS, *path.with_suffix(".html").parts[1:]) for path in results}
        for path in there:
            local = self._folder / path
            if local.exists():
                continue
            if path in results:
                copy_out(f"{self._root}/{path.as_posix()}", local)
                self._sent[local] = local.stat().st_mtime_ns
            elif path in shown or path.parts[0] == "expectations":
                local.parent.mkdir(parents=True, exist_ok=True)
                local.touch()

    def _send(self) -> None:
        """Send what was written here since, the index last, so that it never shows what is not there yet."""
        written = [path for path in self._folder.rglob("*") if path.is_file() and path.stat().st_size]
        for path in sorted(written, key=lambda path: path.name == INDEX):
            changed = path.stat().st_mtime_ns
            if self._sent.get(path) != changed:
                copy_in(path, f"{self._root}/{path.relative_to(self._folder).as_posix()}")
                self._sent[path] = changed


def _validated_at(result: Path) -> str:
    """`results/erp_orders/batch-1/20261124T090005.193895Z/erp_orders-1.json` → its time, which sorts as text."""
    return result.parts[-2]
