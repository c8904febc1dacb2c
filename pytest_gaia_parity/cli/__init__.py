"""The gaia-parity command: one verb per module."""
