"""The rows of the sample deliveries, one module per dataset."""
