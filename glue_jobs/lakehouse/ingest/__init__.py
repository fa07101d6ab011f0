"""Delivered file → bronze, or quarantine for rows that cannot be parsed.

Promises: each file is ingested exactly once; a file that breaks its contract is rejected whole.
Start reading at `ingest.py`; `look.py` looks at files that have no contract yet, without Spark.
"""
