"""A network on which every name leads to one server, and a workplace whose services answer there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_gaia_parity.network.route import Endpoint, Route

if TYPE_CHECKING:
    from tests.servers import Server


class OneServer:
    """A network on which every name leads to one server, over IPv6 by its own word."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        self._route = Route("fly-proxy", (Endpoint(str(parts.hostname), int(parts.port or 80)),))

    def open(self) -> None: ...

    def route(self, host: str, port: int) -> Route:  # noqa: ARG002 - every name
        return self._route

    def failed(self, host: str, port: int) -> None: ...

    def close(self) -> None: ...
