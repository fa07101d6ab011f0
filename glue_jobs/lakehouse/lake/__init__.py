"""Where data is and what is recorded about it: paths, files, Delta logs and tables, and the ledgers of `ops`.

Promises: everything works the same on a disk and on S3; a ledger never records one fact twice.
Start reading at `paths.py`, then `batches.py`.
"""
