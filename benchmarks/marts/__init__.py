"""What a day's delivery costs each mart, and who is wrong after late rows: `make bench-marts`."""
