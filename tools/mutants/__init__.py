"""Plants bugs one at a time in a copy of the project and runs the tests that must find each: `make mutants`."""
