"""Ingest into bronze, next to Spark's own read, cast and write, and to DuckDB: `make bench-ingest`."""
