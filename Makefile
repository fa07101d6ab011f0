# `make` or `make help` lists what there is. CI calls the same targets.
SHELL := /bin/bash
PYTHON ?= python3
OUTPUT_DIR ?= ./local_output
LANDING_DIR ?= samples
# Where to deploy: a folder of terraform/environments. DRY_RUN=1 says what a target would do, and does nothing.
ENV ?= dev
DRY_RUN ?=
export DRY_RUN
PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup local-run test test-docs test-crash test-model test-rivals bench check check-terraform format lint types \
	facts parse check-mwaa samples package upload-jobs package-dbt upload-dags upload-dbt-docs terraform-init terraform-plan \
	terraform-apply lineage-jar test-policy clean test-s3 test-s3-drivers jar test-quality bench-quality test-rollback test-trino test-lineage \
	airflow test-airflow bench-layout test-layout

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: ## Set the project up (once; every target below does so by itself)
	@PYTHON="$(PYTHON)" tools/setup.sh

local-run: setup ## Run the whole lakehouse on samples/, or LANDING_DIR=…, into OUTPUT_DIR=./local_output
	@$(PY) local_runner.py --output-dir $(OUTPUT_DIR) --landing-dir $(LANDING_DIR)

test: setup ## Run the tests: those that start no Spark beside those that do
	@tools/run_tests.sh

test-docs: setup ## Run every command of README and docs/how-to, and compare what it prints
	@$(PY) -m pytest -q --durations=5 -m docs tests/project/test_docs.py

test-crash: setup ## Kill whole runs at every boundary, and run them again
	@$(PY) -m pytest -q -m crash

test-model: setup ## Hold the merge and the fact against a plain model, on random deliveries, and on the samples in reverse
	@$(PY) -m pytest -q --durations=5 -m model

test-rivals: setup ## Merge from two processes at once, and kill merging ones
	@$(PY) -m pytest -q --durations=5 -m rivals

test-s3: setup ## Hold Delta's log store for S3 against Delta's expectations and a bad S3
	@mvn -q -B -f jvm/pom.xml package

test-s3-drivers: jar setup ## Write from Spark to a bad S3, kill it there, and write beside delta-rs
	@$(PY) -m pytest -q --durations=5 -m s3

jar: ## Build Delta's log store for S3 (Maven, Java 17)
	@mvn -q -B -f jvm/pom.xml -DskipTests package

test-quality: setup ## Repairs, killed ones too, decisions on batches, personal data, each broken delivery alone
	@$(PY) -m pytest -q --durations=5 -m quality

test-trino: setup ## Publish to moto and ask every view in Trino 476 (Java 24 or newer, Maven; fetches 821 MB once)
	@$(PY) -m pytest -q -rs --durations=5 -m trino tests/trino

test-lineage: setup lineage-jar ## Hold the lineage of a whole run to OpenLineage's specification (its schemas: OPENLINEAGE_SPEC=FOLDER)
	@LINEAGE_EVENTS=.cache/lineage/events.json $(PY) -m pytest -q --durations=5 -m lineage tests/dags

airflow: setup ## Run Airflow here with the DAGs, against a stand-in for AWS (http://localhost:8080, AIRFLOW_PORT)
	@$(PY) -m tools.airflow.local

test-airflow: setup ## Kill workers, trigger twice, backfill and browse in a running Airflow (CHROMIUM=PATH)
	@$(PY) -m pytest -q --durations=5 -m airflow tests/dags

test-rollback: setup ## Take a table back after whole runs, and forward again
	@$(PY) -m pytest -q --durations=5 -m rollback

test-layout: setup ## Keep and change every layout, with and without deletion vectors; kill both in the middle
	@$(PY) -m pytest -q --durations=5 -m layout

bench: setup ## Time the merge against its peers (long, on a quiet machine); SMALL=1 tries that it runs
	@$(PY) -m benchmarks.merge.run $(if $(SMALL),--small)

bench-quality: setup ## Time judging a batch against Great Expectations; SMALL=1 tries that it runs
	@$(PY) -m benchmarks.quality.run $(if $(SMALL),--small)

bench-layout: setup ## Measure layouts: what questions open, what thirty nights write (long); SMALL=1 tries that it runs
	@$(PY) -m benchmarks.layout.run $(if $(SMALL),--small)

check: setup lint types facts parse ## Check format, lint, types, contracts, suites, views, and how DAGs parse

format: setup ## Format the code
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

lint: setup
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@.venv/bin/lint-imports --no-cache | tail -n 1

types: setup
	@$(PY) -m mypy

facts: setup
	@.venv/bin/lakehouse check
	@$(PY) -m tools.samples.generate --check

parse: setup
	@$(PY) -m tools.airflow.dag_report dags

check-mwaa: package ## Prove that MWAA can install and parse what upload-dags ships (Python 3.12; MWAA_CONSTRAINTS=FILE)
	@$(PY) -m tools.deploy.check_mwaa

samples: setup ## Write the sample deliveries anew
	@$(PY) -m tools.samples.generate

package: setup ## Build the wheel that the Glue jobs and the DAGs install, the same bytes for the same files
	@$(if $(DRY_RUN),echo would run ,)rm -rf build
	@$(if $(DRY_RUN),echo would run ,)env SOURCE_DATE_EPOCH=315532800 \
	  $(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@# Beside the code it would name our plug-in twice, and Airflow's workers load no plug-in after one that is doubled.
	@$(if $(DRY_RUN),echo would run ,)rm -rf build glue_jobs/lakehouse.egg-info

DEPLOY = $(PY) -m tools.deploy.deploy $@ --environment $(ENV) --lake $(OUTPUT_DIR) $(if $(DRY_RUN),--dry-run)

upload-jobs: setup ## Upload scripts, wheel, requirements and jars of the Glue jobs (ENV=dev, DRY_RUN=1)
	@$(DEPLOY)

package-dbt: setup ## Pack contracts, suites and dbt project, and upload them
	@$(DEPLOY)

upload-dags: setup ## Upload the DAGs, and what MWAA installs
	@$(DEPLOY)

upload-dbt-docs: setup ## Upload dbt's docs, manifest and catalogue of OUTPUT_DIR
	@$(DEPLOY)

lineage-jar: setup ## Fetch OpenLineage's listener for Spark, which upload-jobs ships where lineage is wanted
	@$(if $(DRY_RUN),echo would run ,)$(PY) -m lakehouse.runtime.jars lineage

terraform-init: ## Make the bucket of the state if there is none, and initialise ENV=dev
	@tools/terraform.sh init $(ENV)

terraform-plan: ## Show what terraform would change
	@tools/terraform.sh plan $(ENV)

terraform-apply: ## Make the cloud as the files say, after asking
	@tools/terraform.sh apply $(ENV)

check-terraform: setup ## Check the Terraform files: format, lint, security, and what they would make
	@SKIP_TESTS=$(SKIP_TESTS) tools/check_terraform.sh

test-policy: setup jar ## Run every job on S3 (moto) and hold its role against each call that it made
	@$(PY) -m pytest -q --durations=5 -m policy

clean: ## Remove the local lake and everything built (the set-up stays)
	rm -rf local_output dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
