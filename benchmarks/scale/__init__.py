"""What a run costs as deliveries, files and years grow, and what breaks first: `make bench-scale`."""
