"""Generates the sample deliveries, one module per dataset."""
