"""Airflow on this machine with a fake AWS, and the report on how DAG files parse."""
