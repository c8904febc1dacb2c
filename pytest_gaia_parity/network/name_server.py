"""Private names of Fly asked of one DNS server: `dns = "fdaa::3"`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_gaia_parity.errors import ConfigError, NameNotFoundError, UnreachableError
from pytest_gaia_parity.network.guard import refuse_public
from pytest_gaia_parity.network.proxies import Place
from pytest_gaia_parity.network.route import Endpoint, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    import dns.resolver

#: seconds that the server may take, all tries together
PATIENCE = 2.0


class NameServerNetwork:
    """Asks for AAAA, as Fly has nothing else; an answer is used for as long as the server says."""

    def __init__(
        self, *, server: str, target: str, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare; nothing is asked yet.

        :param server: its address, with a port where that is not 53: `fdaa::3`, `127.0.0.1:5353`, `[::1]:5353`.
        :param clock: tells when an answer has died.
        """
        self._server = server
        self._target = target
        self._patience = patience
        self._clock = clock
        self._resolver: dns.resolver.Resolver | None = None
        self._known: dict[tuple[str, int], tuple[float, Route]] = {}

    def open(self) -> None:
        """Make the resolver.

        :raises ConfigError: dnspython is missing, or the address is none.
        """
        try:
            import dns.resolver  # noqa: PLC0415 - the extra `fly`
        except ImportError:
            raise ConfigError(
                f"'tool.gaia-parity.targets.{self._target}.dns' needs dnspython",
                hint='pip install "pytest-gaia-parity[fly]"',
            ) from None
        address, port = _split(self._server)
        resolver = dns.resolver.Resolver(configure=False)
        try:
            resolver.nameservers = [address]
        except ValueError:
            raise ConfigError(
                f"'tool.gaia-parity.targets.{self._target}.dns': '{self._server}' is no IP address",
                hint='write the address of a DNS server, as dns = "fdaa::3"',
            ) from None
        resolver.port = port
        resolver.lifetime = self._patience
        self._resolver = resolver

    def route(self, host: str, port: int) -> Route:
        """Ask for a name, or use an answer that still holds.

        :raises UnreachableError: the name has no address, or the server does not answer.
        :raises RefusedError: an address is public.
        """
        known = self._known.get((host, port))
        if known is not None and self._clock() < known[0]:
            return known[1]
        started = time.perf_counter()
        addresses, ttl = self._ask(host)
        refuse_public(addresses, host=host, target=self._target)
        endpoints = tuple(Endpoint(address, port) for address in addresses)
        route = Route("name-server", endpoints, time.perf_counter() - started)
        self._known[host, port] = (self._clock() + ttl, route)
        return route

    def failed(self, host: str, port: int) -> None:
        """Ask anew next time, whatever the answer's time to live."""
        self._known.pop((host, port), None)

    def close(self) -> None:
        """Forget the answers."""
        self._known.clear()

    def _ask(self, host: str) -> tuple[tuple[str, ...], float]:
        import dns.exception  # noqa: PLC0415 - `open` has told where it is missing
        import dns.resolver  # noqa: PLC0415 - likewise

        assert self._resolver is not None, "a network is opened before it is used"  # noqa: S101
        where = f"target '{self._target}': DNS server {self._server}"
        try:
            answer = self._resolver.resolve(host, "AAAA", search=False)
        except dns.resolver.NXDOMAIN:
            raise NameNotFoundError(
                f"{where} does not know the name '{host}'",
                hint="fly apps list shows the names of apps; only machines that run have a name",
            ) from None
        except dns.resolver.NoAnswer:
            raise NameNotFoundError(
                f"{where} has no IPv6 address for '{host}'",
                hint=f"no machine of the app runs: fly machine list -a {Place(host, 0).app}; .internal never starts one",
            ) from None
        except dns.resolver.LifetimeTimeout:
            raise UnreachableError(
                f"{where} did not answer within {self._patience:g} s",
                hint="bring WireGuard up; its configuration names the DNS server of your organisation",
            ) from None
        except dns.exception.DNSException as error:
            raise UnreachableError(
                f"{where} does not answer for '{host}': {error}", hint="see 'dns' of the target"
            ) from None
        return tuple(record.to_text() for record in answer), max(answer.expiration - time.time(), 0.0)


def machine_ids(app: str, *, server: str, target: str, patience: float = PATIENCE) -> list[str]:
    """The machines of an app that run, as Fly's DNS tells them: `vms.APP.internal` is a text, `ID REGION,ID REGION`.

    :param server: a DNS server as configured, empty for the system's.
    :raises UnreachableError: they cannot be told.
    """
    try:
        import dns.exception  # noqa: PLC0415 - the extra `fly`
        import dns.resolver  # noqa: PLC0415 - likewise
    except ImportError:
        raise ConfigError(
            "--each-machine asks flyctl for an app's machines, or the DNS server, which needs dnspython",
            hint='install flyctl, or: pip install "pytest-gaia-parity[fly]"',
        ) from None
    name = f"vms.{app}.internal"
    try:
        resolver = dns.resolver.Resolver(configure=not server)
        if server:
            address, resolver.port = _split(server)
            resolver.nameservers = [address]
        resolver.lifetime = patience
        answer = resolver.resolve(name, "TXT", search=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise UnreachableError(
            f"target '{target}': the machines of {app} cannot be told: {name}: {error}",
            hint=f"fly machine list -a {app}; where flyctl is installed, it is asked",
        ) from None
    texts = [b"".join(record.strings).decode("ascii", "replace") for record in answer]
    return [entry.split()[0] for text in texts for entry in text.split(",") if entry.strip()]


def _split(server: str) -> tuple[str, int]:
    if server.count(":") > 1 and not server.startswith("["):
        return server, 53
    try:
        parts = urlsplit(f"//{server}")
        host, port = parts.hostname or server, parts.port or 53
    except ValueError:
        return server, 53
    return host, port
