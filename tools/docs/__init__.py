"""Writes the pages of docs/reference/ from the code, and builds the site of all pages."""
