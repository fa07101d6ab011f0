"""Views of one dataset that say they have its key and date as they are, so that tests look at what changed."""

from __future__ import annotations

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.mart_graph import DIRECT, Model


def is_view_of(model: Model, dataset: Dataset) -> bool:
    """Whether a model is such a view of a dataset."""
    reach = (model.config.get("meta") or {}).get("reach") or {}
    is_view = not model.is_table and not model.refs and model.sources == (f"{SILVER}.{dataset.name}",)
    return is_view and reach == {dataset.name: DIRECT}
