"""What the project builds, checks and draws with; each tool runs as `python -m tools.…`."""
