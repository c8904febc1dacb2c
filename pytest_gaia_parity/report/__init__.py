"""Sinks: comparisons in, reports out."""
