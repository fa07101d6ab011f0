"""Uploads jobs, project, DAGs and docs to AWS, and verifies what MWAA installs."""
