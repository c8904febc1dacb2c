"""The one seam between a URL and a connection: services keep their URLs, only the connection is routed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Endpoint(NamedTuple):
    """An address to connect to instead of resolving the URL's host."""

    host: str
    port: int


class Route(NamedTuple):
    """How a host and port are reached.

    *endpoints* are tried in order; empty means that the system's resolver is left to its work.
    """

    #: the name of the way, recorded and shown: `direct`, `docker-dns`, `published-port`, `fly-proxy`, `lab`, …
    via: str
    endpoints: tuple[Endpoint, ...] = ()
    #: seconds that finding the endpoints took, None where nothing was looked up
    resolve: float | None = None


class Network(Protocol):
    """Finds routes for one target. Thread-safe; `route` is called for every request and must be cheap when nothing changed."""

    def open(self) -> None:
        """Start what is needed (a proxy, a look-up); called once, before the first `route`.

        :raises UnreachableError: the network is not there.
        """
        ...

    def route(self, host: str, port: int) -> Route:
        """Where to connect for a URL with this host and port.

        :raises UnreachableError: the name is not known, or its address is not allowed.
        """
        ...

    def failed(self, host: str, port: int) -> None:
        """Be told that connecting to the last route failed, so that it is looked up anew."""
        ...

    def close(self) -> None:
        """End what was started; may be called more than once."""
        ...


@runtime_checkable
class Shareable(Protocol):
    """A network that costs something to open, and that other processes of this machine can use as well."""

    def share(self) -> tuple[tuple[str, int, int], ...]:
        """Host, port, and the port of loopback that leads there; empty where each process may as well open its own."""
        ...


@runtime_checkable
class Logs(Protocol):
    """A network whose platform keeps the logs of services."""

    def logs(self, host: str, *, since: float, until: float) -> list[str]:
        """The lines that whatever serves a name wrote between two moments, in seconds since 1970.

        :raises UnreachableError: the platform does not tell.
        """
        ...


@runtime_checkable
class Platform(Protocol):
    """A network whose platform tells more of a service than how it is reached."""

    def about(self, host: str, *, failed: bool = False) -> Mapping[str, Any]:
        """What is known of whatever serves a name: `image`, `container`, `container_health`, `machines`; never raises.

        Where it tells why a service does not answer, `reason` and `hint` say it.

        Asked by preflight only.

        :param failed: the service could not be reached, so that a slow call of the platform is worth its time.
        """
        ...
