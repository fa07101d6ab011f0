"""The library of the retail lakehouse: contracts, ingest, quality, merge, marts and publish."""

__version__ = "0.1.0"
