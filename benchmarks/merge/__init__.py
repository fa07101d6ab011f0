"""Merging a batch into silver, next to other ways to do it: `make bench`."""
