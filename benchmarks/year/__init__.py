"""What a run reads and writes on S3 after thousands of runs: `make bench-year`."""
