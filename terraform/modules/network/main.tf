# The network of Airflow: two private subnets, the AWS services by endpoints, and the Internet only if asked for.

data "aws_availability_zones" "this" {
  # checkov:skip=CKV_AWS_394:Only the first two of the sorted names are taken; a new zone comes behind them.
  state = "available"

  # Local zones must be opted in to, and have neither MWAA nor most endpoints.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = slice(data.aws_availability_zones.this.names, 0, 2)

  # What Airflow's workers call. Without a NAT gateway these are all that they can reach.
  services = [
    "airflow.api", "airflow.env", "airflow.ops", "athena", "ecr.api", "ecr.dkr", "glue", "kms", "logs", "monitoring",
    "sqs", "ssm", "sts",
  ]
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# Nothing uses the group that AWS makes with every VPC, so nothing may pass it.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_flow_log" "this" {
  vpc_id               = aws_vpc.this.id
  traffic_type         = "REJECT"
  log_destination_type = "s3"
  log_destination      = "${var.logs_bucket_arn}/flow"
}

resource "aws_subnet" "private" {
  count = length(local.zones)

  vpc_id            = aws_vpc.this.id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(var.cidr_block, 4, count.index)

  tags = { Name = "${var.name}-private-${count.index}" }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-private" }
}

resource "aws_route_table_association" "private" {
  count = length(local.zones)

  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private.id
}

# EC2 refuses an apostrophe in a description.
resource "aws_security_group" "this" {
  name        = var.name
  description = "Workers and database of Airflow and the endpoints, among each other."
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "each_other" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "-1"
  description                  = "Members of the group reach each other, as MWAA wants it."
}

resource "aws_vpc_security_group_egress_rule" "each_other" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "-1"
  description                  = "Members of the group reach each other, as MWAA wants it."
}

resource "aws_vpc_security_group_egress_rule" "out" {
  for_each = { "443" = "S3, and with a NAT gateway Slack, PyPI and lineage.", "587" = "Mail, with a NAT gateway." }

  security_group_id = aws_security_group.this.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
  description       = each.value
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]

  tags = { Name = "${var.name}-s3" }
}

# A NAT gateway reaches these services too, and costs less than their endpoints in one zone: there is one or the other.
resource "aws_vpc_endpoint" "interface" {
  for_each = toset(var.nat_gateway ? [] : local.services)

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  security_group_ids  = [aws_security_group.this.id]
  # One zone serves the other too; the second costs as much again and stays up when the first does not.
  subnet_ids = slice(aws_subnet.private[*].id, 0, var.endpoint_zones)

  tags = { Name = "${var.name}-${each.key}" }
}

# ---- the way out, if there is one

resource "aws_internet_gateway" "this" {
  count = var.nat_gateway ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_subnet" "public" {
  count = var.nat_gateway ? 1 : 0

  vpc_id            = aws_vpc.this.id
  availability_zone = local.zones[0]
  cidr_block        = cidrsubnet(var.cidr_block, 4, 15)

  tags = { Name = "${var.name}-public" }
}

resource "aws_route_table" "public" {
  count = var.nat_gateway ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "public" {
  count = var.nat_gateway ? 1 : 0

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  count = var.nat_gateway ? 1 : 0

  subnet_id      = aws_subnet.public[0].id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_eip" "this" {
  # checkov:skip=CKV2_AWS_19:The address belongs to the NAT gateway, to which checkov does not follow it through count.

  count = var.nat_gateway ? 1 : 0

  domain = "vpc"

  tags = { Name = var.name }
}

resource "aws_nat_gateway" "this" {
  count = var.nat_gateway ? 1 : 0

  allocation_id = aws_eip.this[0].id
  subnet_id     = aws_subnet.public[0].id
  depends_on    = [aws_internet_gateway.this]

  tags = { Name = var.name }
}

resource "aws_route" "private" {
  count = var.nat_gateway ? 1 : 0

  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}
