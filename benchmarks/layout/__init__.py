"""How much of a table a query reads, by layout, and what keeping a layout writes: `make bench-layout`."""
