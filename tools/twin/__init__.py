"""The twin: the lakehouse of an account on this machine, where real DAGs start real jobs.

Start at `keeper.py`, the process that runs; `server.py` is the AWS that it shows, made from what `plan.py` reads.
"""
