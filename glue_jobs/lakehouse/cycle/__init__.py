"""All steps of all domains in one process, and what it shows: display, row counts, status. Also rollback.

Promises: an error stops its own domain only; every delivered row is accounted for.
Start reading at `cycle.py`.
"""
