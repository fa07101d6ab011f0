output "subnet_ids" {
  description = "The two private subnets."
  value       = aws_subnet.private[*].id
  # What stands in the subnets is made when they are whole, and destroyed while they still are.
  depends_on = [
    aws_nat_gateway.this, aws_route.private, aws_route.public, aws_route_table_association.private,
    aws_route_table_association.public, aws_vpc_endpoint.interface, aws_vpc_endpoint.s3,
  ]
}

output "security_group_ids" {
  description = "The security group of Airflow and the endpoints."
  value       = [aws_security_group.this.id]
  # MWAA tries whether the members of its group reach each other while it is made.
  depends_on = [
    aws_vpc_security_group_egress_rule.each_other, aws_vpc_security_group_egress_rule.out,
    aws_vpc_security_group_ingress_rule.each_other,
  ]
}
