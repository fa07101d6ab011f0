"""Delta log → Glue Data Catalog, analytics views, pinned versions; and the engines that query them.

Promises: nothing is shown that a second reader does not count as the log does; views change all or none.
Start reading at `publish.py`; `query.py` is DuckDB, `athena.py` Athena.
"""
