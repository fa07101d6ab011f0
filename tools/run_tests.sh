#!/usr/bin/env bash
# Runs the default tests in two processes side by side, for each keeps one core busy; the second has the suites that start no
# Spark, and as much of the others as makes both end at about the same time. Words after the command go to both. The second's
# output is shown when both have ended.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
second_has=(tests/analysts tests/contracts tests/project tests/dags tests/corpus tests/ingest tests/transform)
log=$(mktemp)
trap 'kill "$beside" 2>/dev/null; rm -f "$log"' EXIT

.venv/bin/python -m pytest -q --durations=5 "$@" "${second_has[@]}" >"$log" 2>&1 &
beside=$!
.venv/bin/python -m pytest -q --durations=10 "$@" "${second_has[@]/#/--ignore=}"
main=$?
wait "$beside"
second=$?
echo
echo "${second_has[*]}:"
cat "$log"
exit $((main ? main : second))
