#!/usr/bin/env bash
# Deploys an environment: each target in its order, with the number of the step and the seconds that it took. Each may be
# repeated, so after an error the same call goes on where it stopped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
environment=${1:-}
steps=(terraform-init terraform-apply upload-jobs package-dbt upload-dags upload-dbt-docs update-airflow)
number=0
for step in "${steps[@]}"; do
  number=$((number + 1)) begun=$SECONDS
  echo "deploy: $number of ${#steps[@]}, $step"
  make --no-print-directory "$step" ENV="$environment" || {
    code=$?
    echo "error: make deploy stopped at $step; when what it says is put right, run the same again." >&2
    exit "$code"
  }
  echo "deploy: $number of ${#steps[@]}, $step: $((SECONDS - begun)) s"
done
