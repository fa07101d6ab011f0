"""The datasets of the fixed samples; a project may have more, of which tests know no rows."""

from __future__ import annotations

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset

SAMPLES = ("crm_leads", "erp_orders", "products", "web_events")


def sample_datasets(contracts: Contracts) -> list[Dataset]:
    """Those that `samples/` delivers, and the oracle computes."""
    return [contracts.dataset(name) for name in SAMPLES]
