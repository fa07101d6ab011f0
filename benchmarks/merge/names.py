"""The names of the engines, as the results and the page have them."""

from __future__ import annotations

OURS = "ours"
OURS_STILL = "ours, partitionIsStable: true"
ON_KEY = "merge on key"
ON_KEY_AND_DAY = "merge on key and dt"
LITERALS = "merge with literals"
DELTA_RS = "delta-rs merge"
DUCKDB = "DuckDB and delta-rs"
COPY_ON_WRITE = "copy on write"
DELETION_VECTORS = "deletion vectors"

ENGINES = (
    OURS,
    OURS_STILL,
    ON_KEY,
    ON_KEY_AND_DAY,
    LITERALS,
    DELTA_RS,
    DUCKDB,
    COPY_ON_WRITE,
    DELETION_VECTORS,
)
"""All of them, in the order in which tables and plots name them."""
