#!/usr/bin/env bash
# Runs the tests as two processes side by side: those that share one Spark session, and the rest (whole commands,
# Airflow, Terraform, plain Python). Both outputs are shown whole, one after the other; either's failure is ours.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pytest=(.venv/bin/python -m pytest -q --durations=10 -p no:cacheprovider)
rest=$(mktemp)
trap 'rm -f "$rest"; kill 0 2>/dev/null' INT TERM
trap 'rm -f "$rest"' EXIT
"${pytest[@]}" -m "not spark and not slow" "$@" >"$rest" 2>&1 &
other=$!
"${pytest[@]}" -m "spark and not slow" "$@"
with_spark=$?
wait "$other"
without=$?
cat "$rest"
[[ $with_spark -eq 0 && $without -eq 0 ]]
