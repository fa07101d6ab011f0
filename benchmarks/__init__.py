"""Measures the merge against other ways to do the same work, and writes docs/benchmarks.md from the figures."""
