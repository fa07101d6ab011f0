"""Facts about the data as people wrote them: contracts, expectation suites, layouts, marts, and the plan of jobs.

Promises: parsed once into frozen objects; no Spark, no AWS, no Delta, so that DAGs, checks and jobs share them.
Start reading at `contract.py`; `reader.py` parses the YAML, `plan.py` derives the jobs, `new_dataset.py` proposes a
contract for files that have none.
"""
