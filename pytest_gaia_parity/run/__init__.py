"""One parity run inside pytest."""
