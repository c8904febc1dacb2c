"""Refuses an address that is public: parity between services over public URLs is not what is deployed."""

from __future__ import annotations

import ipaddress
import socket
import time
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import NameNotFoundError, RefusedError
from pytest_gaia_parity.network.instances import Instances
from pytest_gaia_parity.network.route import Endpoint, Route

if TYPE_CHECKING:
    from collections.abc import Iterable

#: seconds that an answer of the system's resolver is kept; Fly's own answers live for five
TIME_TO_LIVE = 5.0


def is_public(address: str) -> bool:
    """Whether an address belongs to the internet at large.

    >>> is_public("172.18.0.2"), is_public("fdaa:0:1::3"), is_public("137.66.1.1")
    (False, False, True)
    """
    return ipaddress.ip_address(address.partition("%")[0]).is_global


def refuse_public(addresses: Iterable[str], *, host: str, target: str) -> None:
    """Let private addresses through.

    :raises RefusedError: one is public.
    """
    for address in addresses:
        if is_public(address):
            raise RefusedError(
                f"target '{target}': '{host}' is the public address {address}; services are compared over their "
                "private names",
                hint="correct 'url' of the target, or give it network = \"direct\" if that is really meant",
            )


class GuardedNetwork:
    """Resolves names with the system's resolver (Docker's inside a Compose network, 6PN's over WireGuard or inside Fly)."""

    def __init__(self, *, via: str, target: str) -> None:
        self._via = via
        self._target = target
        self._known: dict[tuple[str, int], tuple[float, Route]] = {}

    def open(self) -> None:
        """Nothing to start."""

    def route(self, host: str, port: int) -> Route:
        """Resolve a name, or use an answer that is fresh.

        :raises NameNotFoundError: the name is not known.
        :raises RefusedError: its address is public.
        """
        found = self._known.get((host, port))
        if found is not None and time.monotonic() - found[0] < TIME_TO_LIVE:
            return found[1]
        started = time.perf_counter()
        endpoints = self._resolve(host, port)
        route = Route(self._via, endpoints, time.perf_counter() - started)
        self._known[host, port] = (time.monotonic(), route)
        return route

    def failed(self, host: str, port: int) -> None:
        """Look the name up anew next time."""
        self._known.pop((host, port), None)

    def instances(self, host: str) -> Instances:
        """The addresses of a name: Docker's DNS has one for each replica."""
        endpoints = self._resolve(host, 0)
        return Instances(tuple(sorted((one.host for one in endpoints), key=_in_order)))

    def close(self) -> None:
        """Forget what was resolved."""
        self._known.clear()

    def _resolve(self, host: str, port: int) -> tuple[Endpoint, ...]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameNotFoundError(
                f"target '{self._target}': the name '{host}' is not known: {error.strerror}",
                hint=_HINTS.get(self._via, ""),
            ) from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        refuse_public(addresses, host=host, target=self._target)
        return tuple(Endpoint(address, port) for address in addresses)


def _in_order(address: str) -> tuple[int, int]:
    found = ipaddress.ip_address(address.partition("%")[0])
    return found.version, int(found)


_HINTS = {
    "docker-dns": "start the stack with docker compose up, and run inside its network",
    "fly-dns": "only machines that run have a name: fly machine list -a APP; fly apps list shows the names of apps",
}
