"""Quarantined rows: write, read, send back corrected or unchanged, discard, record the outcome.

Promises: each quarantined row names the rules that it broke; a repair is applied exactly once.
Start reading at `table.py` (write) and `repairs.py` (send back).
"""
