"""Talking to services: recording httpx clients."""
