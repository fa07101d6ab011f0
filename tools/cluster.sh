#!/usr/bin/env bash
# A Spark standalone cluster on this machine, for a try and for tests: one master, two workers of one core, each in a
# process and a folder of its own. `up` prints the master's address, `down` ends all of it.
#   ./spark_local.sh --master "$(tools/cluster.sh up)" ingest --domain erp --lake_root "$PWD/local_output"
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${CLUSTER_DIR:-$root/.cache/cluster}
python=${LAKEHOUSE_PYTHON:-$root/.venv/bin/python}
workers=2 memory=${CLUSTER_MEMORY:-1g}

down() {
  [[ -d $folder ]] || return 0
  for file in "$folder"/*.pid; do
    [[ -e $file ]] && kill "$(cat "$file")" 2>/dev/null || true
  done
  rm -rf "$folder"
}

up() {
  [[ -d $folder ]] && { echo "error: A cluster is up in $folder. End it with 'tools/cluster.sh down'." >&2; exit 3; }
  [[ -x $python ]] || { echo "error: The project is not set up: no $python. Run 'make setup' first." >&2; exit 3; }
  mkdir -p "$folder"
  export JAVA_HOME PYSPARK_PYTHON=$python SPARK_LOCAL_IP=127.0.0.1
  JAVA_HOME=$("$python" -c 'from lakehouse.contracts.project import find_project as p; from lakehouse.runtime.java import find_java
print(find_java(p().cache))')
  class=$("$python" -c 'import pyspark, pathlib; print(pathlib.Path(pyspark.__file__).parent / "bin/spark-class")')
  port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  master=spark://127.0.0.1:$port
  start master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port 0
  for ((number = 1; number <= workers; number++)); do
    start "worker$number" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 \
      --memory "$memory" --work-dir "$folder/work$number" "$master"
  done
  for ((tries = 0; tries < 120; tries++)); do
    if [[ $(cat "$folder"/worker*.log | grep -c 'Successfully registered with master') -eq $workers ]]; then
      echo "$master"
      return
    fi
    sleep 0.5
  done
  echo "error: The workers did not register within a minute; see $folder/*.log." >&2
  exit 3
}

# NAME CLASS WORDS…: starts a part of the cluster, which outlives this script.
start() {
  (cd "$folder" && exec setsid "$class" "${@:2}" >"$folder/$1.log" 2>&1 </dev/null) &
  echo $! >"$folder/$1.pid"
}

case ${1:-} in
  up | down) "$1" ;;
  *) echo "usage: tools/cluster.sh up | down" >&2; exit 2 ;;
esac
