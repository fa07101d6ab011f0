terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }

  # The bucket of the state is named when the folder is initialised: -backend-config="bucket=…".
  backend "s3" {
    key          = "retail-lakehouse/prod.tfstate"
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      project     = "retail-lakehouse"
      environment = "prod"
    }
  }
}
