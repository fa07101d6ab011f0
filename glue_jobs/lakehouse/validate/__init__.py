"""Bronze batch → validation result, quarantined rows, Data Docs.

Promises: each row is checked against each expectation of its suite; a stopped batch is not merged.
Start reading at `validate.py`; `evaluate.py` evaluates the expectations of one batch, which `conditions.py` compiles to
Spark; `contracts/suite_types.py` knows their arguments.
"""
