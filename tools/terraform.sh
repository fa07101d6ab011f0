#!/usr/bin/env bash
# Runs terraform on an environment: terraform.sh init|plan|apply|outputs dev|prod. With DRY_RUN=1 it says what it would run.
# terraform/ is set to one environment at a time, values and state together; each of these sets it first where it has to.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=$1 environment=$2
stop() { echo "error: $1" >&2; exit "${2:-3}"; }
root=terraform
values=environments/$environment/terraform.tfvars
[[ -f $root/$values ]] || stop \
  "There is no environment $environment; there are $(cd terraform/environments && dirname */terraform.tfvars | xargs)." 2

run() {
  if [[ -n ${DRY_RUN:-} ]]; then echo "would run  $*"; else "$@"; fi
}
need() { [[ -n ${DRY_RUN:-} ]] || command -v "$1" >/dev/null || stop "$1 is not on the PATH; $2"; }

# The AWS CLI asks for a region even where it makes no difference; this one decides, whatever the profile names.
region=${TF_VAR_region:-eu-west-1}
export AWS_REGION=$region AWS_DEFAULT_REGION=$region
# The account is that of the credentials, unless somebody names it.
if [[ -z ${TF_VAR_account_id:-} ]]; then
  need aws "install the AWS CLI, or name the account: export TF_VAR_account_id=…"
  TF_VAR_account_id=$(aws sts get-caller-identity --query Account --output text 2>/dev/null) || {
    [[ -n ${DRY_RUN:-} ]] || stop "AWS knows no credentials here, wanted those of the account: aws sso login, or AWS_PROFILE=…"
    TF_VAR_account_id="<account>"
  }
elif [[ ! $TF_VAR_account_id =~ ^[0-9]{12}$ ]]; then
  stop "TF_VAR_account_id is '$TF_VAR_account_id', wanted the twelve digits of the account: export TF_VAR_account_id=…" 2
fi
export TF_VAR_account_id
bucket=${TF_STATE_BUCKET:-retail-lakehouse-state-$TF_VAR_account_id}
# A file of our own: in .terraform/environment Terraform keeps the workspace that is selected.
set_to=$root/.terraform/set-to
wanted="$environment $bucket $region $TF_VAR_account_id"
is_set() { [[ -n ${DRY_RUN:-} ]] || has_state; }
has_state() {
  [[ $(cat $set_to 2>/dev/null) == "$wanted" ]] &&
    [[ -e $root/environment.auto.tfvars && -e $root/account.auto.tfvars ]]
}

# The bucket of the state comes before the state: versioned, so that a lost or broken state can be brought back. That comes
# last, so that a bucket without it is one that was not made to its end.
state_bucket() {
  if [[ -n ${DRY_RUN:-} ]] || ! aws s3api head-bucket --bucket "$bucket" >/dev/null 2>&1; then
    local where=(--create-bucket-configuration "LocationConstraint=$region")
    [[ $region == us-east-1 ]] && where=()
    run aws s3api create-bucket --bucket "$bucket" --region "$region" ${where[@]+"${where[@]}"} --output text
  elif [[ -n ${TF_STATE_BUCKET:-} || $(versioning) == Enabled ]]; then
    return
  fi
  run aws s3api put-public-access-block --bucket "$bucket" --public-access-block-configuration \
    BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
  run aws s3api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Enabled
}
versioning() { aws s3api get-bucket-versioning --bucket "$bucket" --query Status --output text; }

# Databases and jobs carry no environment in their names, so a second one would fail half-way, and beside the first.
alone() {
  [[ -z ${DRY_RUN:-} ]] && aws glue get-database --name silver >/dev/null 2>&1 || return 0
  local silver="arn:aws:glue:$region:$TF_VAR_account_id:database/silver" of
  of=$(aws glue get-tags --resource-arn "$silver" --query Tags.environment --output text)
  [[ $of == "$environment" ]] || stop "The account has a database silver of ${of/None/somebody else}, wanted none or that of\
 $environment: an account holds one environment; take another account, or destroy that one first."
}

init() {
  need aws "install the AWS CLI, or make the bucket $bucket by hand and run terraform init."
  state_bucket
  run terraform -chdir=$root init -input=false -reconfigure -backend-config="bucket=$bucket" \
    -backend-config="region=$region" -backend-config="key=retail-lakehouse/$environment.tfstate"
  # Whatever is called in terraform/ from now on has the values that belong to its state.
  run ln -sfn "$values" $root/environment.auto.tfvars
  [[ -z ${DRY_RUN:-} ]] || return 0
  printf 'account_id = "%s"\nregion     = "%s"\n' "$TF_VAR_account_id" "$region" >$root/account.auto.tfvars
  echo "$wanted" >$set_to
}

need terraform "install 1.11 or newer."
case $what in
  init) init ;;
  plan) is_set || init; alone; run terraform -chdir=$root plan ;;
  apply) is_set || init; alone; run terraform -chdir=$root apply ${YES:+-auto-approve} ;;
  outputs)
    has_state || { [[ -z ${DRY_RUN:-} ]] || stop "terraform/ is not set to $environment yet"; init >&2; }
    terraform -chdir=$root output -json -no-color
    ;;
  *) stop "terraform.sh knows init, plan, apply and outputs, not '$what'." 2 ;;
esac
