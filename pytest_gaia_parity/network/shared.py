"""Proxies that another process of this machine started, watches and ends: the workers of pytest-xdist use the controller's."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import UnreachableError
from pytest_gaia_parity.network.route import Endpoint, Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_gaia_parity.network.route import Network

#: seconds in which a proxy that ended is started again by whoever keeps it
RESTART = 15.0
#: seconds between two tries
PAUSE = 0.1


class SharedProxies:
    """Leads to the ports that others keep; a name they do not know gets a proxy of this process's own."""

    def __init__(
        self, rows: Iterable[tuple[str, int, int]], *, target: str, own: Network | None, restart: float = RESTART
    ) -> None:
        """Lead to the port of loopback for each host and port.

        :param own: where names lead that are not among the rows, None where there is no such way.
        """
        self._target = target
        self._own = own
        self._restart = restart
        self._lock = threading.Lock()
        #: the port twice: a request that finds the proxy ended has `failed` wait for the next one, and is sent then
        self._routes = {
            (host, port): Route("fly-proxy", (Endpoint("127.0.0.1", local),) * 2) for host, port, local in rows
        }
        #: those that were waited for in vain
        self._lost: set[tuple[str, int]] = set()

    def open(self) -> None:
        """Nothing to start."""

    def route(self, host: str, port: int) -> Route:
        """The port of a name's proxy.

        :raises UnreachableError: it ended, and was not started again.
        """
        if (host, port) in self._lost:
            raise UnreachableError(
                f"target '{self._target}': fly proxy to {host}:{port} ended, and did not come back within "
                f"{self._restart:g} s",
                hint="fly doctor; fly agent restart",
            )
        route = self._routes.get((host, port))
        if route is not None:
            return route
        if self._own is None:
            raise UnreachableError(f"target '{self._target}': there is no fly proxy to {host}:{port}")
        return self._own.route(host, port)

    def failed(self, host: str, port: int) -> None:
        """Wait until the proxy listens again."""
        route = self._routes.get((host, port))
        if route is None:
            return
        with self._lock:
            if (host, port) not in self._lost and not self._listens(route.endpoints[0]):
                self._lost.add((host, port))

    def _listens(self, endpoint: Endpoint) -> bool:
        deadline = time.monotonic() + self._restart
        waiting = threading.Event()
        while True:
            try:
                socket.create_connection(endpoint, timeout=self._restart).close()
            except OSError:
                if time.monotonic() >= deadline:
                    return False
                waiting.wait(PAUSE)
            else:
                return True

    def close(self) -> None:
        """End what this process started itself."""
        if self._own is not None:
            self._own.close()
