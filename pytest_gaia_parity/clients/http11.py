"""HTTP/1.1 as `httpx.HTTPTransport` speaks it, at a third of its price: the same sockets, a parser in C, a pool without a queue.

httpcore's pool and h11 take more than half of the time of a request, and under many threads each of their locks and system calls may cost a thread its turn.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from pytest_gaia_parity.clients.connection import Connection, regular_head
from pytest_gaia_parity.clients.sockets import SystemTimedStream

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    _Origin = tuple[bytes, bytes, int | None]

#: the operating systems whose limits take a `struct timeval` of two longs
_CAN_WAIT = sys.platform in {"linux", "darwin"}

_OF_HTTPCORE = (httpcore.NetworkError, httpcore.TimeoutException)
_DEFAULT_PORTS = {b"http": 80, b"https": 443}


class _Body(httpx.SyncByteStream):
    """A response's body; whoever closes it gives the connection back."""

    def __init__(self, connection: Connection, timeout: float | None, give_back: Callable[[Connection], None]) -> None:
        self._connection: Connection | None = connection
        self._timeout = timeout
        self._give_back = give_back

    def __iter__(self) -> Iterator[bytes]:
        if self._connection is None:
            return
        try:
            yield from self._connection.body(self._timeout)
        except _OF_HTTPCORE as error:
            raise _as_httpx(error) from error

    def close(self) -> None:
        """Give the connection back, once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._give_back(connection)


class _Pool:
    """The idle connections of one origin, the last used one last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._is_closed = False

    def take(self) -> Connection | None:
        """One that takes the next request, None where there is none."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if not connection.is_stale and not connection.is_dead:
                return connection
            connection.close()

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose exchange has ended, and close those that nobody has wanted for long."""
        stale = []
        with self._lock:
            if connection.rest() and not self._is_closed:
                self._idle.append(connection)
            else:
                stale.append(connection)
            while self._idle and self._idle[0].is_stale:
                stale.append(self._idle.pop(0))
        for one in stale:
            one.close()

    def close(self) -> None:
        """Close all; those in use when they come back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


class Http11Transport(httpx.BaseTransport):
    """A drop-in for `httpx.HTTPTransport`: HTTP/1.1, no proxy, any number of connections. Thread-safe.

    Malformed requests, `CONNECT` and upgrades are left to httpx's transport.

    :param verify: makes the SSL context; called when a connection needs one.
    """

    def __init__(self, verify: Callable[[], ssl.SSLContext]) -> None:
        self._verify = verify
        self._backend = httpcore.SyncBackend()
        self._lock = threading.Lock()
        self._pools: dict[_Origin, _Pool] = {}
        self._other: httpx.HTTPTransport | None = None

    def handle_request(self, request: Any) -> httpx.Response:
        """Send, and return the response as soon as its head is there.

        :param request: an `httpx.Request`, or what has its method, url, headers, stream and extensions.
        :raises httpx.TransportError: as `httpx.HTTPTransport` does.
        """
        url, extensions = request.url, request.extensions
        head = regular_head(request)
        if head is None or url.raw_scheme not in _DEFAULT_PORTS or not url.raw_host:
            return self._httpx().handle_request(request)
        timeouts: Mapping[str, float | None] = extensions.get("timeout", {})
        trace: Callable[[str, Any], None] = extensions.get("trace", _nobody)
        pool = self._pool((url.raw_scheme, url.raw_host, url.port))
        connection = None
        try:
            connection = pool.take()
            if connection is None:
                connection = self._connect(url, extensions.get("sni_hostname"), timeouts.get("connect"))
                trace("connection.connect_tcp.complete", {})
            connection.send(head, request.stream, timeouts.get("write"))
            reader = connection.receive(request.method, timeouts.get("read"))
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, _OF_HTTPCORE):
                raise _as_httpx(error) from error
            raise
        trace("http11.receive_response_headers.complete", {})
        return httpx.Response(
            reader.status,
            headers=reader.headers,
            stream=_Body(connection, timeouts.get("read"), pool.give_back),
            extensions={
                "http_version": reader.version,
                "reason_phrase": reader.reason,
                "network_stream": connection.stream,
            },
        )

    def _connect(self, url: Any, name: str | None, timeout: float | None) -> Connection:
        host = url.raw_host.decode("ascii")
        stream = self._backend.connect_tcp(host, url.port or _DEFAULT_PORTS[url.raw_scheme], timeout)
        if url.raw_scheme == b"https":
            context = self._verify()
            context.set_alpn_protocols(["http/1.1"])
            return Connection(stream.start_tls(context, name or host, timeout))
        return Connection(SystemTimedStream(stream) if _CAN_WAIT else stream)

    def _pool(self, origin: _Origin) -> _Pool:
        pool = self._pools.get(origin)
        return self._pools.setdefault(origin, _Pool()) if pool is None else pool

    def _httpx(self) -> httpx.HTTPTransport:
        with self._lock:
            if self._other is None:
                self._other = httpx.HTTPTransport(verify=self._verify())
            return self._other

    def close(self) -> None:
        """Close what is idle; a connection in use is closed with its response."""
        for pool in list(self._pools.values()):
            pool.close()
        if self._other is not None:
            self._other.close()


def _nobody(*_: object) -> None:
    """Who listens where nobody traces."""


def _as_httpx(error: Exception) -> Exception:
    """An error of httpcore as httpx's, which has the same name."""
    made: Exception = getattr(httpx, type(error).__name__)(str(error))
    return made
