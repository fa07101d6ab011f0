"""Measures this project against other ways to do the same work; docs/benchmarks/ is written from the figures."""
