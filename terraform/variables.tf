variable "project" {
  description = "First part of every name."
  type        = string
  default     = "retail-lakehouse"

  # Buckets take nothing else, and the Parameter Store no name that begins with aws or ssm.
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.project)) && !can(regex("^(aws|ssm|amzn-|sthree-|xn--)", var.project))
    error_message = "project must be small letters, digits and hyphens, with a letter first, and may not begin with aws or ssm."
  }
}

variable "environment" {
  description = "Second part of every name: dev or prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+$", var.environment))
    error_message = "environment must be small letters, digits and hyphens."
  }
}

variable "account_id" {
  description = "AWS account, twelve digits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the twelve digits of an AWS account; set TF_VAR_account_id."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-west-1"

  # ARNs begin with arn:aws everywhere here; other partitions have other ones, and other addresses.
  validation {
    condition     = can(regex("^(af|ap|ca|eu|il|me|mx|sa|us)-(central|(north|south)?(east|west)|north|south)-[0-9]$", var.region))
    error_message = "region must be one of AWS's commercial regions, such as eu-west-1; China, GovCloud and sovereign clouds are not supported."
  }
}

variable "worker_type" {
  description = "Type of the jobs' workers, such as G.1X."
  type        = string
  default     = "G.1X"

  validation {
    condition     = can(regex("^(G|R)\\.(025|1|2|4|8|12|16)X$", var.worker_type))
    error_message = "worker_type must be a type of Glue for Spark, such as G.1X or R.2X."
  }
}

variable "number_of_workers" {
  description = "Maximum number of workers per job, including the driver; a job of a domain whose contract says its volume gets as many as that needs."
  type        = number

  validation {
    condition     = var.number_of_workers >= 2
    error_message = "number_of_workers must be 2 or more: Glue starts no job with a driver alone."
  }
}

variable "gigabytes_per_worker" {
  description = "Gigabytes of a delivery for which a job gets one more worker of 4 cores: 2 are four splits of 128 MB per core."
  type        = number
  default     = 2
}

variable "timeout_minutes" {
  description = "Minutes after which Glue ends a run; the DAGs wait for 150."
  type        = number
  default     = 120

  validation {
    condition     = var.timeout_minutes >= 1 && var.timeout_minutes < 150
    error_message = "timeout_minutes must be 1 or more, and stay below the 150 minutes that the DAGs wait for a job."
  }
}

variable "log_retention_days" {
  description = "Days for which the jobs' logs are kept."
  type        = number
}

variable "noncurrent_days" {
  description = "Days for which a replaced or deleted object can be brought back."
  type        = number
}

variable "force_destroy" {
  description = "Whether the buckets may be destroyed with data in them."
  type        = bool
}

variable "archive_landing_days" {
  description = "Days after which delivered files move to Glacier Instant Retrieval, which reads as quickly and costs less to keep."
  type        = number
  default     = 90
}

variable "gigabytes_per_query" {
  description = "Gigabytes that one Athena query may read."
  type        = number
}

variable "quarantine_percent" {
  description = "Alert threshold: percentage of a batch's rows that failed validation. The limit that stops a batch is quarantineLimitPercent in its contract."
  type        = number
  default     = 5

  validation {
    condition     = var.quarantine_percent >= 0 && var.quarantine_percent <= 100
    error_message = "quarantine_percent must be between 0 and 100."
  }
}

variable "monthly_budget_usd" {
  description = "Monthly budget in US dollars; alerts at 80 % actual and 100 % forecast cost."
  type        = number
}

variable "ops_email" {
  description = "Address that gets alarms and Airflow's mail; empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([^@[:space:]]+@[^@[:space:]]+)?$", var.ops_email))
    error_message = "ops_email must be an address such as data-team@example.com, or empty."
  }
}

variable "mail" {
  description = "Server that takes Airflow's mail: host, port, from; null for none."
  type        = object({ host = string, port = number, from = string })
  default     = null

  validation {
    condition     = var.mail == null ? true : var.mail.port >= 1 && var.mail.port <= 65535 && var.mail.host != ""
    error_message = "mail must name a host and a port between 1 and 65535."
  }
}

variable "openlineage_endpoint" {
  description = "Address of the lineage server; empty for no lineage."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(https?://[^[:space:]]+)?$", var.openlineage_endpoint))
    error_message = "openlineage_endpoint must begin with http:// or https://, or be empty."
  }
}

variable "airflow" {
  description = "Version, size and reach of MWAA, and further options of Airflow."
  type = object({
    version               = optional(string, "3.3.1")
    class                 = optional(string, "mw1.small")
    workers               = object({ min = number, max = number })
    webserver_access_mode = optional(string, "PUBLIC_ONLY")
    configuration_options = optional(map(string), {})
  })

  # The pages of Airflow are reached by IAM sign-in from anywhere, or from inside the VPC alone.
  validation {
    condition     = contains(["PUBLIC_ONLY", "PRIVATE_ONLY"], var.airflow.webserver_access_mode)
    error_message = "airflow.webserver_access_mode must be PUBLIC_ONLY or PRIVATE_ONLY."
  }

  validation {
    condition     = var.airflow.workers.min >= 1 && var.airflow.workers.min <= var.airflow.workers.max && var.airflow.workers.max <= 25
    error_message = "airflow.workers must be 1 to 25, with min not above max."
  }

  validation {
    condition     = can(regex("^mw1\\.(small|medium|large|xlarge|2xlarge)$", var.airflow.class))
    error_message = "airflow.class must be one of mw1.small, medium, large, xlarge and 2xlarge."
  }
}

variable "existing_network" {
  description = "Existing VPC to use: private subnets in two zones, and security groups. null creates a new VPC."
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
  default     = null

  validation {
    condition     = var.existing_network == null ? true : length(var.existing_network.subnet_ids) == 2 && length(var.existing_network.security_group_ids) > 0
    error_message = "existing_network must name two private subnets, as MWAA wants, and a security group."
  }
}

variable "cidr_block" {
  description = "Addresses of the VPC that is made."
  type        = string
  default     = "10.42.0.0/16"

  validation {
    condition     = can(regex("/(1[6-9]|2[0-4])$", var.cidr_block)) && can(cidrhost(var.cidr_block, 0))
    error_message = "cidr_block must be a network of /16 to /24, such as 10.42.0.0/16."
  }
}

variable "nat_gateway" {
  description = "Whether the VPC that is made reaches the Internet, as Slack, mail and PyPI want it; without, AWS is reached by endpoints."
  type        = bool
  default     = true
}

variable "endpoint_zones" {
  description = "Zones in which each interface endpoint stands, 1 or 2, where there is no NAT gateway."
  type        = number
}

variable "analysts" {
  description = "ARNs that may assume the analysts' role. If empty, the account's IAM policies decide."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.analysts : can(regex("^arn:aws:(iam|sts)::[0-9]{12}:", arn))])
    error_message = "analysts must be ARNs of IAM, such as arn:aws:iam::<account>:role/analyst."
  }
}

variable "lake_formation" {
  description = "Whether analysts see tables with personal data less those columns; publish must have run once."
  type        = bool
  default     = false
}

variable "unpublished_datasets" {
  description = "Datasets that came after lake_formation was set, until their first publish: they are shown to nobody yet."
  type        = list(string)
  default     = []
}
