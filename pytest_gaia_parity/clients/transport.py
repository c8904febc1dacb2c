"""httpx transports that route and record: the one seam between a client and the network, sync and async."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import anyio.lowlevel
import httpx

from pytest_gaia_parity.clients.capture import BODY_LIMIT, Capture
from pytest_gaia_parity.clients.http11 import Http11Transport
from pytest_gaia_parity.clients.tape import Tape
from pytest_gaia_parity.config.schema import SAFE_METHODS
from pytest_gaia_parity.errors import RefusedError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Callable, Mapping

    from pytest_gaia_parity.clients.tape import Recorder
    from pytest_gaia_parity.network.route import Endpoint, Network, Route

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteGuard:
    """Refuses requests that may write to a read-only target, but for those listed as `POST auth /login`."""

    target: str
    read_only: bool
    allowed: tuple[str, ...] = ()

    def check(self, method: str, service: str, path: str) -> None:
        """Let a request through.

        :raises RefusedError: it may write, and is not listed; nothing was sent.
        """
        if not self.read_only or method in SAFE_METHODS:
            return
        if not any(_is_allowed(entry, method, service, path) for entry in self.allowed):
            raise RefusedError(
                f"{method} {service} {path} was not sent: target '{self.target}' is read-only",
                hint=f"list it in 'tool.gaia-parity.targets.{self.target}.writes' as "
                f'"{method} {service} {path}", or give --allow-writes',
            )


def _is_allowed(entry: str, method: str, service: str, path: str) -> bool:
    wanted_method, wanted_service, wanted_path = entry.split()
    if (wanted_method.upper(), wanted_service) != (method, service):
        return False
    return path.startswith(wanted_path[:-1]) if wanted_path.endswith("*") else path == wanted_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the transports of one side share."""

    #: authority of a URL → service, so that a redirect to another service is counted as that service's
    services: Mapping[tuple[str, int], str]
    network: Network
    recorder: Recorder
    run_id: str
    guard: WriteGuard
    body_limit: int = BODY_LIMIT
    #: identities of requests: no secrets, and asking the system for each would cost threads their turn
    random: Random = field(default_factory=Random)

    def begin(self, request: httpx.Request) -> tuple[Capture, Route]:
        """Check a request, find its route, and begin to capture it."""
        host, port = _authority(request.url)
        service = self.services.get((host, port), f"{host}:{port}")
        if self.guard.read_only:
            self.guard.check(request.method, service, request.url.path)
        tape = self.recorder.current
        if tape is not None and request.method not in SAFE_METHODS:
            tape.before_write()
        self._identify(request.headers)
        capture = Capture(
            request,
            service=service,
            # what is sent outside of a test is nobody's
            tape=Tape() if tape is None else tape,
            limit=self.body_limit,
        )
        try:
            return capture, self.network.route(host, port)
        except Exception as error:
            capture.fail(error)
            raise

    def _identify(self, headers: httpx.Headers) -> None:
        """Let services name the request in their logs and pass it on, as W3C's Trace Context says."""
        # httpx searches all headers for each name that it is asked for: one look at all names is enough
        names = headers.keys()
        if "traceparent" not in names:
            identity = f"{self.random.getrandbits(192):048x}"
            headers["traceparent"] = f"00-{identity[:32]}-{identity[32:]}-01"
        if "x-parity-run" not in names:
            headers["x-parity-run"] = self.run_id

    def lost(self, request: httpx.Request) -> None:
        """Tell the network that an endpoint could not be connected."""
        self.network.failed(*_authority(request.url))


def _authority(url: httpx.URL) -> tuple[str, int]:
    return url.host, url.port or _DEFAULT_PORTS.get(url.scheme, 0)


class RecordingTransport(httpx.BaseTransport):
    """Sends over kept connections; each exchange lands on the tape that is current when it begins."""

    def __init__(self, context: Context, *, verify: Callable[[], ssl.SSLContext]) -> None:
        self._context = context
        self._inner = Http11Transport(verify)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send over the first endpoint that can be connected."""
        capture, route = self._context.begin(request)
        endpoints: tuple[Endpoint | None, ...] = route.endpoints or (None,)
        for number, endpoint in enumerate(endpoints, 1):
            try:
                response = self._inner.handle_request(capture.routed(route, endpoint, capture.trace))
            except Exception as error:
                if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    self._context.lost(request)
                    if number < len(endpoints):
                        continue
                capture.fail(error)
                raise
            return capture.answered(response)
        raise AssertionError("the loop above returns or raises")

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class AsyncRecordingTransport(httpx.AsyncBaseTransport):
    """The same for AsyncClient. A connection belongs to the event loop it was made in, and test runners make one a test: so there is a pool per loop, closed when its loop ends."""

    def __init__(self, context: Context, *, verify: Callable[[], ssl.SSLContext]) -> None:
        self._context = context
        self._verify = verify
        #: by event loop; tests that run at once have one each
        self._pools: dict[object, tuple[httpx.AsyncHTTPTransport, AsyncGenerator[None]]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send over the first endpoint that can be connected."""
        inner = await self._pool()
        capture, route = self._context.begin(request)
        endpoints: tuple[Endpoint | None, ...] = route.endpoints or (None,)
        for number, endpoint in enumerate(endpoints, 1):
            try:
                response = await inner.handle_async_request(capture.routed(route, endpoint, capture.atrace))
            except Exception as error:
                if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    self._context.lost(request)
                    if number < len(endpoints):
                        continue
                capture.fail(error)
                raise
            return capture.answered(response)
        raise AssertionError("the loop above returns or raises")

    async def _pool(self) -> httpx.AsyncHTTPTransport:
        loop = anyio.lowlevel.current_token()
        known = self._pools.get(loop)
        if known is not None:
            return known[0]
        pool = httpx.AsyncHTTPTransport(verify=self._verify())
        # an event loop closes the asynchronous generators that are alive when it ends: the one hook it offers
        closer = self._closing(loop, pool)
        self._pools[loop] = pool, closer
        await anext(closer)
        return pool

    async def _closing(self, loop: object, pool: httpx.AsyncHTTPTransport) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._pools.pop(loop, None)
            await pool.aclose()

    async def aclose(self) -> None:
        """Close the current loop's pool."""
        known = self._pools.get(anyio.lowlevel.current_token())
        if known is not None:
            await known[1].aclose()
