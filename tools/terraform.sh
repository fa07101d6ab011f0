#!/usr/bin/env bash
# Runs terraform on an environment: terraform.sh init|plan|apply|outputs|drift dev|prod. With DRY_RUN=1 it says what it would run.
# terraform/ is set to one environment at a time, values and state together; each of these sets it first where it has to.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=${1:-} environment=${2:-}
stop() { echo "error: $1" >&2; exit "${2:-3}"; }
root=terraform
values=environments/$environment/terraform.tfvars
[[ -f $root/$values ]] || stop \
  "There is no environment '$environment'; there are $(cd $root/environments && dirname */terraform.tfvars | xargs)." 2

run() {
  if [[ -n ${DRY_RUN:-} ]]; then echo "would run  $*"; else "$@"; fi
}
# A dry run says what is missing and goes on.
lacking() { [[ -n ${DRY_RUN:-} ]] || stop "$1"; echo "would stop  $1" >&2; }
need() { command -v "$1" >/dev/null || lacking "$1 is not on the PATH; $2"; }
# Terraform colours a pipe too.
[[ -t 1 && -z ${NO_COLOR:-} ]] || export TF_CLI_ARGS="${TF_CLI_ARGS:-} -no-color"

value() { sed -nE "s/^$1[[:space:]]*=[[:space:]]*\"(.*)\".*/\1/p" "$root/$values"; }
# The folder names the environment in the state's key, the value in every name in the account.
[[ $(value environment) == "$environment" ]] || stop \
  "$root/$values names the environment '$(value environment)', wanted '$environment', as its folder." 2
# Terraform passes over a name that it does not know, in a warning at the end or without a word.
known() { grep -q "^variable \"$1\" {" $root/variables.tf; }
for name in $(compgen -e TF_VAR_ | sed s/^TF_VAR_//); do
  known "$name" || stop "TF_VAR_$name is set, and $root/variables.tf has no variable $name." 2
done
# What the environment's values set, Terraform takes from there and not from the shell, without a word.
for name in $(sed -nE 's/^([a-z_]+)[[:space:]]*=.*/\1/p' "$root/$values"); do
  known "$name" || stop "$root/$values sets $name, and $root/variables.tf has no variable of that name." 2
  [[ -z $(printenv "TF_VAR_$name") ]] || stop "TF_VAR_$name is set, and $root/$values sets $name too, which Terraform \
prefers; change it there, or unset TF_VAR_$name." 2
done
# The AWS CLI asks for a region even where it makes no difference; this one decides, whatever the profile names. What
# variables.tf would refuse is refused before a bucket is made there.
region=${TF_VAR_region:-$(value region)}
region=${region:-eu-west-1}
regions=$(sed -nE 's/.*regex\("(.*)", var\.region\).*/\1/p' $root/variables.tf)
[[ $region =~ $regions ]] || stop "The region is '$region', wanted one of AWS's commercial ones, such as eu-west-1: TF_VAR_region." 2
export AWS_REGION=$region AWS_DEFAULT_REGION=$region
# The account is that of the credentials; who names it has to have credentials of that one.
named=${TF_VAR_account_id:-$(value account_id)}
[[ -z $named || $named =~ ^[0-9]{12}$ ]] || stop "The account is '$named', wanted its twelve digits: TF_VAR_account_id." 2
need aws "install the AWS CLI."
said=$(aws sts get-caller-identity --query Account --output text 2>&1) && of_credentials=$said || {
  of_credentials=
  lacking "AWS tells no account here, wanted credentials of it: aws sso login, or AWS_PROFILE=…${said:+ AWS: ${said##*$'\n'}}"
}
[[ -z $named || -z $of_credentials || $named == "$of_credentials" ]] || stop "The credentials are of account $of_credentials, \
wanted $named, as TF_VAR_account_id or $root/$values says: take others (AWS_PROFILE=…), or change that." 2
export TF_VAR_account_id=${named:-${of_credentials:-<account>}}
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

configure() {
  run terraform -chdir="$1" init -input=false -reconfigure -backend-config="bucket=$bucket" \
    -backend-config="region=$region" -backend-config="key=retail-lakehouse/$environment.tfstate"
}

init() {
  state_bucket
  configure $root
  # Whatever is called in terraform/ from now on has the values that belong to its state.
  run ln -sfn "$values" $root/environment.auto.tfvars
  [[ -z ${DRY_RUN:-} ]] || return 0
  printf 'account_id = "%s"\nregion     = "%s"\n' "$TF_VAR_account_id" "$region" >$root/account.auto.tfvars
  echo "$wanted" >$set_to
}

# Asking changes nothing: another environment's outputs are read from a folder that goes again.
outputs() {
  has_state && { terraform -chdir=$root output -json; return; }
  [[ -z ${DRY_RUN:-} ]] || stop "terraform/ is not set to $environment yet"
  aside=$(mktemp -d)
  trap 'rm -rf "$aside"' EXIT
  printf 'terraform {\n  backend "s3" {}\n}\n' >"$aside/main.tf"
  configure "$aside" >&2
  terraform -chdir="$aside" output -json
}

apply() {
  run terraform -chdir=$root apply ${YES:+-auto-approve} && return
  local code=$?
  [[ -n ${YES:-} || -t 0 ]] || echo "error: Where nobody can answer the question, YES=1 applies without it." >&2
  return $code
}

need terraform "install 1.11 or newer."
case $what in
  init) init ;;
  plan) is_set || init; alone; run terraform -chdir=$root plan ;;
  apply) is_set || init; alone; apply ;;
  outputs) outputs ;;
  drift) has_state || stop "terraform/ is not set to $environment; run \`make terraform-plan ENV=$environment\` first."
    terraform -chdir=$root plan -input=false -lock=false -json ;;
  *) stop "terraform.sh knows init, plan, apply, outputs and drift, not '$what'." 2 ;;
esac
