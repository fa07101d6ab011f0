#!/usr/bin/env bash
# Checks the Terraform files: format, validity, lint and security; then the tests that read what it would make.
# Offline where ../shared/terraform stands in for AWS's provider, else with the real provider, which it validates only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export TF_CLI_CONFIG_FILE=${TF_CLI_CONFIG_FILE:-/dev/null} CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1
export TF_VAR_account_id=123456789012 AWS_EC2_METADATA_DISABLED=true
stand_in=../shared/terraform/check.sh
say() { echo "check-terraform: $*"; }
need() { command -v "$1" >/dev/null || { echo "error: $1 is not on the PATH; $2" >&2; exit 3; }; }

need terraform "install 1.11 or newer."
say "format"
terraform fmt -check -recursive -diff terraform || {
  echo "error: the files above are not formatted; run 'terraform fmt -recursive terraform'." >&2
  exit 3
}

if command -v tflint >/dev/null; then
  say "tflint"
  for folder in terraform terraform/modules/*; do
    tflint --chdir="$folder" --config="$PWD/terraform/.tflint.hcl"
  done
else
  say "no tflint on the PATH, left out (go install github.com/terraform-linters/tflint@v0.64.0)"
fi

say "checkov"
checkov=.cache/checkov
wanted=$(cat tools/checkov.txt)
if [[ $(cat $checkov/wanted 2>/dev/null) != "$wanted" ]]; then
  # In an environment of its own: beside the others it would fall back to a version of years ago.
  .venv/bin/python -m venv --clear $checkov
  index=$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)
  [[ -n ${PIP_INDEX_URL:-$index} ]] && export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$index}}
  .venv/bin/uv pip install --quiet --python $checkov/bin/python --requirement tools/checkov.txt
  echo "$wanted" >$checkov/wanted
fi
# A file that checkov cannot read is one that it has not looked at, and of which it says no more than a number.
$checkov/bin/checkov --directory terraform --framework terraform --quiet --compact --skip-download | tee $checkov/said
grep -q "Passed checks: [1-9]" $checkov/said && ! grep -q "Parsing errors: [1-9]" $checkov/said || {
  echo "error: checkov could not read a file (see above); simplify the HCL that changed last." >&2
  exit 3
}

if [[ ! -x $stand_in ]]; then
  say "validate with the real provider"
  terraform -chdir=terraform init -backend=false -input=false >/dev/null
  terraform -chdir=terraform validate
fi

# CI runs them with all the others.
[[ -n ${SKIP_TESTS:-} ]] && exit 0
say "tests"
.venv/bin/python -m pytest -q tests/terraform
