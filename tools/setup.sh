#!/usr/bin/env bash
# Sets the project up, once: .venv with the pinned packages, then Java, Delta's jars and the class-data archive.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=.venv
stop() { echo "error: Set-up stopped at $1: $2" >&2; exit 3; }

find_python() {
  for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
}

python=$(find_python)
[[ -n $python ]] || stop Python "no Python 3.11 to 3.13 on the PATH. Install one, or name it: make setup PYTHON=/path/to/python3.13"

if [[ ! -x $venv/bin/python ]]; then
  echo "setup: making $venv with $("$python" --version)"
  "$python" -m venv "$venv" || stop "$venv" "the module venv failed. On Debian: apt-get install python3-venv"
fi

stamp=$venv/.requirements
# The project's own file counts too: its commands and its Airflow plugin are found by what was installed.
if ! cmp -s <(cat requirements.txt pyproject.toml) "$stamp"; then
  echo "setup: installing the pinned packages (once, about a minute) …"
  pip=("$venv/bin/python" -m pip --quiet --disable-pip-version-check)
  # uv installs the same pins several times faster. It does not read pip's settings, so hand the index over.
  index=$("${pip[@]}" config get global.index-url 2>/dev/null || true)
  [[ -n ${PIP_INDEX_URL:-$index} ]] && export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$index}}
  fast() {
    "${pip[@]}" install "$(grep '^uv==' requirements.txt)" \
      && "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --requirement requirements.txt
  }
  slow() { "${pip[@]}" install --no-deps --requirement requirements.txt; }
  fast || { echo "setup: uv could not; trying pip (some minutes) …"; slow; } \
    || stop packages "the packages of requirements.txt could not be fetched. Check the network and pip's index, then run 'make setup'."
  "${pip[@]}" install --no-deps --no-build-isolation --editable . || stop packages "the project itself could not be installed."
  cat requirements.txt pyproject.toml > "$stamp"
fi

exec "$venv/bin/python" -m lakehouse.runtime.local_setup
