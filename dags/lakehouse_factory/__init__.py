"""What the DAG file uses: the DAG of a job, its operators and its runbook."""
