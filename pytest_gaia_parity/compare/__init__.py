"""Comparison: pure, values in and values out."""
