"""Bronze batch → validation result, quarantined rows, Data Docs.

Promises: each row is checked against each expectation of its suite; a stopped batch is not merged.
Start reading at `validate.py`, then `evaluate.py`; `conditions.py` compiles each expectation to Spark.
"""
