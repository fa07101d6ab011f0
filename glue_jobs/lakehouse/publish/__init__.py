"""Delta log → Glue Data Catalog, analytics views, pinned versions; and the engines that query them.

Promises: a table is published only if a second reader counts the same rows as its Delta log; views change all or none.
Start reading at `publish.py`; `query.py` is DuckDB, `athena.py` Athena.
"""
