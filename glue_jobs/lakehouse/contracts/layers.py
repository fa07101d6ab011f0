"""The layers of a lake by name: folders of its tables, and databases of the catalogue."""

from __future__ import annotations

BRONZE, SILVER, MARTS, QUARANTINE, OPS = LAYERS = ("bronze", "silver", "marts", "quarantine", "ops")

PINNED = "pinned"
"""Copies of single versions of tables; not one of the layers, because no step writes to it."""
ANALYTICS = "analytics"
"""The database of the analysts' views; it has no tables of its own."""
