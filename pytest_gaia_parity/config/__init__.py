"""Configuration: found, checked and decoded into typed values."""
