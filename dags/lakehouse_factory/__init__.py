"""What the DAG file is made of: the plan of the jobs, their DAGs, their run books."""
