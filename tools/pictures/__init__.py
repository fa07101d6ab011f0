"""Draws the pictures of docs/ and computes the cost tables."""
