"""The embedded stack: Gaia's four services, twice, on loopback."""
