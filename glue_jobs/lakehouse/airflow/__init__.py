"""What Airflow's own processes import: plug-in, deadline, messages.

Promises: quick to import; no Spark, no AWS client.
Start reading at `plugin.py`.
"""
