"""A small service for the tests' own stacks: python saying.py NAME; answers everything with its name and version."""

from __future__ import annotations

import http.server
import json
import os
import socket
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    """Says the same to everybody."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        said = {"status": "ok", "service": sys.argv[1], "version": os.environ.get("VERSION", "1.4.0")}
        content = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """On both families."""

    address_family = socket.AF_INET6


if __name__ == "__main__":
    Server(("::", 8000), Handler).serve_forever()
