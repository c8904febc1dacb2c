"""Hook implementations only: is parity active? then one call."""
