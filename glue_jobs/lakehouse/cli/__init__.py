"""The command `lakehouse`, for people.

Promises: one line per error, exit codes that say whether to retry; commands that need no Spark start none.
Start reading at `main.py`.
"""
