# `make` or `make help` lists what there is. CI calls the same targets.
SHELL := /bin/bash
PYTHON ?= python3
OUTPUT_DIR ?= ./local_output
LANDING_DIR ?= samples
PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup local-run test test-crash test-model test-rivals test-trino upload-dbt-docs bench check format lint types facts samples package clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: ## Set the project up (once; every target below does so by itself)
	@PYTHON="$(PYTHON)" tools/setup.sh

local-run: setup ## Run the whole lakehouse on samples/, or LANDING_DIR=…, into OUTPUT_DIR=./local_output
	@$(PY) local_runner.py --output-dir $(OUTPUT_DIR) --landing-dir $(LANDING_DIR)

test: setup ## Run the tests: those that start no Spark beside those that do
	@tools/run_tests.sh

test-crash: setup ## Kill whole runs at every boundary, and run them again
	@$(PY) -m pytest -q -m crash

test-model: setup ## Hold the merge and the fact against a plain model, on random deliveries
	@$(PY) -m pytest -q --durations=5 -m model

test-rivals: setup ## Merge from two processes at once, and kill merging ones
	@$(PY) -m pytest -q --durations=5 -m rivals

test-trino: setup ## Publish to moto and ask every view in Trino 476 (needs Java 24 or newer, and Maven)
	@$(PY) -m pytest -q --durations=5 -m trino tests/trino

upload-dbt-docs: setup ## Copy dbt's docs from OUTPUT_DIR to the lake TO=s3://bucket
	@.venv/bin/lakehouse upload-docs --lake $(OUTPUT_DIR) --to $(TO)

bench: setup ## Time the merge against its peers (long, on a quiet machine); SMALL=1 tries that it runs
	@$(PY) benchmarks/run.py $(if $(SMALL),--small)

check: setup lint types facts ## Check format, lint, types, contracts, suites and views

format: setup ## Format the code
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

lint: setup
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .

types: setup
	@$(PY) -m mypy

facts: setup
	@.venv/bin/lakehouse check
	@$(PY) tools/generate_samples.py --check

samples: setup ## Write the sample deliveries anew
	@$(PY) tools/generate_samples.py

package: setup ## Build the wheel that the Glue jobs install
	@$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## Remove the local lake and everything built (the set-up stays)
	rm -rf local_output dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
