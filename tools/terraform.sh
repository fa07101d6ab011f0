#!/usr/bin/env bash
# Runs terraform on an environment: terraform.sh init|plan|apply dev|prod. With DRY_RUN=1 it says what it would run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=$1 environment=$2
stop() { echo "error: $1" >&2; exit "${2:-3}"; }
folder=terraform/environments/$environment
# An environment is a folder with values; what stands beside them is shared by all.
[[ -f $folder/terraform.tfvars ]] || stop \
  "There is no environment $environment; there are $(cd terraform/environments && dirname */terraform.tfvars | xargs)." 2
[[ ${TF_VAR_account_id:-} =~ ^[0-9]{12}$ ]] || stop \
  "TF_VAR_account_id is '${TF_VAR_account_id:-}', wanted the twelve digits of the account: export TF_VAR_account_id=…" 2
region=${TF_VAR_region:-eu-west-1}
bucket=${TF_STATE_BUCKET:-retail-lakehouse-state-$TF_VAR_account_id}

run() {
  if [[ -n ${DRY_RUN:-} ]]; then echo "would run  $*"; else "$@"; fi
}
need() { command -v "$1" >/dev/null || stop "$1 is not on the PATH; $2"; }

# The bucket of the state comes before the state: versioned, so that a lost or broken state can be brought back.
state_bucket() {
  if [[ -z ${DRY_RUN:-} ]] && aws s3api head-bucket --bucket "$bucket" 2>/dev/null; then return; fi
  local where=(--create-bucket-configuration "LocationConstraint=$region")
  [[ $region == us-east-1 ]] && where=()
  run aws s3api create-bucket --bucket "$bucket" --region "$region" ${where[@]+"${where[@]}"} --output text
  run aws s3api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Enabled
  run aws s3api put-public-access-block --bucket "$bucket" --public-access-block-configuration \
    BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
}

[[ -n ${DRY_RUN:-} ]] || need terraform "install 1.11 or newer."
case $what in
  init)
    [[ -n ${DRY_RUN:-} ]] || need aws "install the AWS CLI, or make the bucket $bucket by hand and run terraform init."
    state_bucket
    run terraform -chdir="$folder" init -backend-config="bucket=$bucket" -backend-config="region=$region" \
      -backend-config="key=retail-lakehouse/$environment.tfstate"
    ;;
  plan | apply) run terraform -chdir="$folder" "$what" ;;
  *) stop "terraform.sh knows init, plan and apply, not '$what'." 2 ;;
esac
