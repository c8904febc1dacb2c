"""The suite as a Postman collection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.suite.contenders import REQUESTS, TESTS

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_CHECKS = [
    "pm.test('status', () => pm.response.to.have.status(200));",
    "pm.test('items', () => pm.expect(pm.response.json().items).to.have.lengthOf(10));",
]


def write_collection(path: Path, ports: tuple[int, int]) -> None:
    """Write one request after the other, for each side."""
    items = [
        {
            "name": f"{port} {number} {request}",
            "request": {"method": "GET", "url": f"http://127.0.0.1:{port}/items/{number}/{request}"},
            "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": _CHECKS}}],
        }
        for port in ports
        for number in range(TESTS)
        for request in range(REQUESTS)
    ]
    path.write_text(json.dumps({"info": {"name": "suite", "schema": _SCHEMA}, "item": items}))
