"""Every DAG of the lakehouse, made from the contracts: four per domain, the marts and maintenance."""

from __future__ import annotations

import sys
from pathlib import Path

# Airflow's DAG processor knows this folder already; a plain DagBag does not.
if (here := str(Path(__file__).resolve().parent)) not in sys.path:
    sys.path.append(here)

from airflow.sdk import DAG

from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.plan import plan_jobs
from lakehouse.contracts.reader import load_contracts
from lakehouse_factory.build import build_dag
from lakehouse_factory.contracts import find_contracts, find_dbt, find_views
from lakehouse_factory.views import read_view_files, views_of_lists

CONTRACTS = load_contracts(find_contracts())
VIEWS = [*read_view_files(find_views()), *views_of_lists(CONTRACTS)]
JOBS = plan_jobs(CONTRACTS, read_marts(find_dbt()))
DAGS: dict[str, DAG] = {job.dag_id: build_dag(job, VIEWS) for job in JOBS}

# Airflow finds the DAGs among the module's global names.
globals().update(DAGS)
