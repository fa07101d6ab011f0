"""Rows kept out of silver, and the way back: write, read, repair, record the outcome.

Promises: each quarantined row names the rules that it broke; a repair is applied exactly once.
Start reading at `table.py` (write) and `repairs.py` (the way back).
"""
