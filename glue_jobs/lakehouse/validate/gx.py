"""Imports Great Expectations, which takes seconds."""

from __future__ import annotations

import os
from typing import Any


def import_gx() -> Any:
    """Import Great Expectations with its usage reports off; takes seconds the first time."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    return great_expectations
