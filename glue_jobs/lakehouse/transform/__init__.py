"""Validated batch → silver → marts.

Promises: silver has the latest version per key whatever arrives twice, late or out of order; reruns are idempotent.
Start reading at `transform.py`; `merge.py` writes silver, `marts.py` the marts.
"""
