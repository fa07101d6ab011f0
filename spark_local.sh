#!/usr/bin/env bash
# Runs one Glue job by spark-submit: its own process, string arguments, the same script as on Glue.
#   ./spark_local.sh ingest --domain erp --lake_root ./local_output
#   ./spark_local.sh --master spark://host:7077 ingest --domain erp --lake_root /shared/lake
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${LAKEHOUSE_PYTHON:-$here/.venv/bin/python}
if [[ ! -x $python ]]; then
  echo "error: The project is not set up: no $python. Run 'make setup' first." >&2
  exit 3
fi
export LAKEHOUSE_PROJECT=${LAKEHOUSE_PROJECT:-$here}
exec "$python" -m lakehouse.runtime.submit "$@"
