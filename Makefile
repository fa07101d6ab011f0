# `make` or `make help` lists what there is. CI calls the same targets.
SHELL := /bin/bash
PYTHON ?= python3
OUTPUT_DIR ?= ./local_output
LANDING_DIR ?= samples
# Where to deploy: a folder of terraform/environments. DRY_RUN=1 says what a target would do, and does nothing; YES=1
# applies without a question.
ENV ?= dev
DRY_RUN ?=
YES ?=
export DRY_RUN YES
# The shell reads paths from its environment, so that blanks and apostrophes in them stay what they are.
export OUTPUT_DIR LANDING_DIR
PY := .venv/bin/python
WOULD := $(if $(DRY_RUN),echo would run ,)
DEPLOY = $(PY) -m tools.deploy.deploy $@ --environment "$(ENV)" --lake "$$OUTPUT_DIR" $(if $(DRY_RUN),--dry-run)
# A slow suite is a marker of pytest, a benchmark a folder with a run.py: neither is named here a second time.
SUITES := $(subst _,-,$(shell sed -nE 's/^    "([a-z0-9_]+): .*",$$/test-\1/p' pyproject.toml))
BENCHES := $(patsubst benchmarks/%/run.py,bench-%,$(wildcard benchmarks/*/run.py))

.DEFAULT_GOAL := help
.PHONY: $(shell sed -nE 's/^([a-z0-9-]+):.*/\1/p' $(MAKEFILE_LIST)) $(SUITES) $(BENCHES)

##@ Every day
help: ## Show this list
	@awk -f tools/help.awk pyproject.toml benchmarks/*/__init__.py $(firstword $(MAKEFILE_LIST))

setup: ## Set the project up (once; every target that needs it does so by itself)
	@PYTHON="$(PYTHON)" tools/setup.sh

local-run: setup ## Run the whole lakehouse on samples/, or LANDING_DIR=…, into OUTPUT_DIR=./local_output
	@$(PY) local_runner.py --output-dir "$$OUTPUT_DIR" --landing-dir "$$LANDING_DIR"

test: setup ## Run the tests but for the slow suites, in two processes side by side
	@tools/run_tests.sh

test-changed: setup ## Run the tests that a change since the last commit reaches, the nearest first (ALL=1: distant ones too)
	@$(PY) -m tools.changed_tests $(if $(ALL),--all)

check: setup lint types facts parse ## Check format, lint, types, the rule of the rooms, contracts, suites, views and DAGs

lint: setup
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@said=$$(.venv/bin/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }

types: setup
	@$(PY) -m mypy

facts: deep
	@$(PY) -m tools.samples.generate --check
	@$(PY) -m tools.docs.reference --check
	@$(PY) -m tools.docs.words
	@$(PY) -m codespell_lib *.md docs glue_jobs dags dbt contracts terraform great_expectations tools benchmarks

deep: setup
	@$(WOULD).venv/bin/lakehouse check --deep

parse: setup
	@$(PY) -m tools.airflow.dag_report dags

format: setup ## Format the code
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

samples: setup ## Write the sample deliveries again
	@$(PY) -m tools.samples.generate

docs: setup ## Build the site of all pages (build/site; search works offline, nothing is fetched)
	@$(PY) -m tools.docs.site

reference: setup ## Write the pages of docs/reference/ that the code says, again
	@$(PY) -m tools.docs.reference

airflow: setup ## Run Airflow here with the DAGs and a fake AWS (http://localhost:8080, AIRFLOW_PORT)
	@$(PY) -m tools.airflow.local

twin: setup package jar ## Run a whole account here: real DAGs start real jobs (`lakehouse twin` does the rest)
	@.venv/bin/lakehouse twin up

clean: ## Remove the local lake and everything built (the set-up stays)
	rm -rf local_output dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

##@ Slow suites
$(SUITES): test-%: setup
	@$(PY) -m pytest -q --durations=5 -m $(subst -,_,$*) $$(grep -rl 'mark\.$(subst -,_,$*)\b' tests --include='test_*.py' | sort)

test-lineage: lineage-jar
test-lineage: export LINEAGE_EVENTS = .cache/lineage/events.json
test-policy test-s3-drivers: jar
test-twin test-twin-days: package jar

test-s3: setup ## Test Delta's log store for S3 against Delta's own expectations and a faulty S3 (Maven)
	@mvn -q -B -f jvm/pom.xml package

check-mwaa: package ## Verify that MWAA can install and parse what upload-dags uploads (Python 3.12; MWAA_CONSTRAINTS=FILE)
	@$(PY) -m tools.deploy.check_mwaa

check-terraform: setup ## Check the Terraform files: format, lint, security, and what they would create
	@SKIP_TESTS=$(SKIP_TESTS) tools/check_terraform.sh

mutants: setup ## Plant the kept bugs one at a time in a copy and run their tests (ROOM=lake; GENERATED=200: made ones; ROOM=jvm: Java)
	@$(if $(filter jvm,$(ROOM)),mvn -q -B -f jvm/pom.xml -P mutants test-compile org.pitest:pitest-maven:mutationCoverage,\
	  $(PY) -m tools.mutants.$(if $(GENERATED),generated --number $(GENERATED),run) $(ROOM))

##@ Measure (long, on a quiet machine; SMALL=1 only tries that it runs)
bench: bench-merge

$(BENCHES): bench-%: setup
	@$(PY) -m benchmarks.$*.run $(if $(SMALL),--small)

##@ AWS (ENV=dev, DRY_RUN=1)
package: setup ## Build the wheel that the Glue jobs and the DAGs install, the same bytes for the same files
	@$(WOULD)rm -rf build
	@$(WOULD)env SOURCE_DATE_EPOCH=315532800 \
	  $(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@# Next to the code it would name our plug-in twice, and Airflow's workers load no plug-in after a duplicate.
	@$(WOULD)rm -rf build glue_jobs/lakehouse.egg-info

jar: ## Build Delta's log store for S3 (Maven, Java 17)
	@$(WOULD)mvn -q -B -f jvm/pom.xml -DskipTests package

lineage-jar: setup ## Fetch OpenLineage's listener for Spark, which upload-jobs uploads where lineage is wanted
	@$(WOULD)$(PY) -m lakehouse.runtime.jars lineage

deploy: setup ## Do all of this section in order, and wait until Airflow has it (asks before it applies, YES=1 not)
	@tools/deploy/deploy.sh "$(ENV)"

upload-jobs: package jar ## Upload scripts, wheel, requirements and jars of the Glue jobs
package-dbt: deep ## Check contracts, suites and dbt project, pack and upload them
upload-dags: upload-jobs ## Upload the DAGs, the jobs that they start, and what MWAA installs; ask MWAA to take it
upload-dbt-docs: dbt-docs ## Upload dbt's docs, manifest and catalog of OUTPUT_DIR (runs the samples where there are none)
update-airflow: ## Wait until MWAA runs with what was uploaded
upload-jobs package-dbt upload-dags upload-dbt-docs update-airflow: setup
	@$(DEPLOY)

dbt-docs: setup
	@test -f "$$OUTPUT_DIR/curated/docs/dbt/index.html" || \
	  $(WOULD)$(PY) local_runner.py --output-dir "$$OUTPUT_DIR" --landing-dir "$$LANDING_DIR"

# What Terraform reads out of contracts is right before it is planned.
contracts: setup
	@$(WOULD).venv/bin/lakehouse check

terraform-init: contracts ## Create the bucket of the state if there is none, and initialise
	@tools/terraform.sh init "$(ENV)"

terraform-plan: contracts ## Show what Terraform would change
	@tools/terraform.sh plan "$(ENV)"

terraform-apply: contracts ## Apply the Terraform plan (asks for confirmation)
	@tools/terraform.sh apply "$(ENV)"
