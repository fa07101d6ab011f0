"""Validated batch → silver → fact table.

Promises: silver has the latest version per key whatever arrives twice, late or out of order; reruns are idempotent.
Start reading at `transform.py`; `merge.py` writes silver, `fact.py` the fact.
"""
