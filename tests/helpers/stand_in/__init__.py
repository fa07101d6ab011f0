"""Stand-ins for AWS that really answer: moto as Glue and S3, Trino behind Athena's own protocol."""
