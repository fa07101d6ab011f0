#!/usr/bin/env bash
# Runs the default tests in two processes side by side: the suites that start no Spark leave a core idle, and so does Spark.
# Words after the command go to both. The second's output is shown when both have ended.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
without_spark=(tests/analysts tests/contracts tests/project tests/dags tests/terraform)
log=$(mktemp)
trap 'kill "$beside" 2>/dev/null; rm -f "$log"' EXIT

.venv/bin/python -m pytest -q --durations=5 "$@" "${without_spark[@]}" >"$log" 2>&1 &
beside=$!
.venv/bin/python -m pytest -q --durations=10 "$@" "${without_spark[@]/#/--ignore=}"
main=$?
wait "$beside"
second=$?
echo
echo "${without_spark[*]}:"
cat "$log"
exit $((main ? main : second))
