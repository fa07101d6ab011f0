# `make` or `make help` lists what there is. CI calls the same targets.
SHELL := /bin/bash
PYTHON ?= python3
OUTPUT_DIR ?= ./local_output
LANDING_DIR ?= samples
PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup local-run test test-model test-rivals test-s3 jar bench check format lint types facts samples package clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## Set the project up (once; every target below does so by itself)
	@PYTHON="$(PYTHON)" tools/setup.sh

local-run: setup ## Run the whole lakehouse on samples/, or LANDING_DIR=…, into OUTPUT_DIR=./local_output
	@$(PY) local_runner.py --output-dir $(OUTPUT_DIR) --landing-dir $(LANDING_DIR)

test: setup ## Run the tests
	@$(PY) -m pytest -q --durations=10

test-model: setup ## Hold the merge and the fact against a plain model, on random deliveries
	@$(PY) -m pytest -q --durations=5 -m model

test-rivals: setup ## Merge from two processes at once, and kill merging ones
	@$(PY) -m pytest -q --durations=5 -m rivals

test-s3: setup ## Commit from several drivers to a bad S3, SEEDS=20 times, and run the cycle there
	@mvn -q -B -f jvm/pom.xml package
	@S3_SEEDS=$(or $(SEEDS),20) $(PY) -m pytest -q --durations=5 -m s3

jar: ## Build Delta's log store for S3 (Maven, Java 17)
	@mvn -q -B -f jvm/pom.xml -DskipTests package

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
