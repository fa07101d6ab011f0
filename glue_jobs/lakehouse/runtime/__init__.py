"""What every run needs: Glue or a laptop, Spark and its settings, the shell of a job, dbt, lineage, metrics.

Promises: the job scripts are the same in both places; a session starts at its first use.
Start reading at `job.py`, then `context.py`.
"""
