#!/usr/bin/env bash
# Runs one Glue job on this machine the way Glue would: its own process, string arguments, the same script.
#   ./spark_local.sh ingest --domain erp --lake_root ./local_output
#   ./spark_local.sh transform --domain marts --lake_root ./local_output
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
jobs="ingest validate transform publish maintain"
job=${1:-}
if [[ -z $job || $job == -h || $job == --help ]]; then
  echo "usage: ./spark_local.sh JOB [--help] --lake_root PATH …"
  echo "JOB is one of: $jobs; './spark_local.sh JOB --help' shows its options."
  [[ -n $job ]] && exit 0 || exit 2
fi
if [[ " $jobs " != *" $job "* ]]; then
  echo "error: There is no job '$job'. Known: ${jobs// /, }." >&2
  exit 2
fi
python="$here/.venv/bin/python"
[[ -n ${LAKEHOUSE_PYTHON:-} ]] && python=$LAKEHOUSE_PYTHON
if [[ ! -x $python ]]; then
  echo "error: The project is not set up: no $python. Run 'make setup' first." >&2
  exit 3
fi
shift
exec "$python" "$here/glue_jobs/$job.py" "$@"
