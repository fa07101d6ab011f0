"""Validating a batch, next to Great Expectations and to no check at all: `make bench-quality`."""
