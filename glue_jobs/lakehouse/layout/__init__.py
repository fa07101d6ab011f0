"""How the rows of a table are spread over its files: measure, cluster, compact, vacuum.

Promises: no row changes; one commit per table and run.
Start reading at `maintain.py`; `first_write.py` is what merge and dbt use.
"""
