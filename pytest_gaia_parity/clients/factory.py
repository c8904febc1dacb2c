"""One pooled client per service and side: the fixtures `services` and `async_services`."""

from __future__ import annotations

import abc
import functools
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx

from pytest_gaia_parity.clients.transport import AsyncRecordingTransport, Context, RecordingTransport, WriteGuard
from pytest_gaia_parity.errors import ConfigError, nearest

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    from pytest_gaia_parity.clients.tape import Recorder
    from pytest_gaia_parity.network.route import Network

Client = TypeVar("Client", httpx.Client, httpx.AsyncClient)


class UnknownServiceError(ConfigError, AttributeError, KeyError):
    """A test named a service that the configuration does not know."""

    __str__ = ConfigError.__str__


def one_ssl_context() -> Callable[[], ssl.SSLContext]:
    """What makes an SSL context when it is first called, and returns that one ever after: making it costs as much as fifty requests."""
    return functools.cache(lambda: httpx.create_ssl_context(trust_env=False))


class _PerService(abc.ABC, Generic[Client]):
    """Clients by service, as attributes and as items, made when first asked for."""

    def __init__(  # noqa: PLR0913 - what a side has, by keyword
        self,
        *,
        target: str,
        urls: Mapping[str, str],
        network: Network,
        recorder: Recorder,
        run_id: str,
        timeout: float,
        guard: WriteGuard,
        verify: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._target = target
        self._urls = dict(urls)
        self._timeout = timeout
        parts = {name: httpx.URL(url) for name, url in urls.items()}
        self._context = Context(
            services={
                (url.host, url.port or (443 if url.scheme == "https" else 80)): name for name, url in parts.items()
            },
            network=network,
            recorder=recorder,
            run_id=run_id,
            guard=guard,
        )
        self._clients: dict[str, Client] = {}
        self._verify = verify or one_ssl_context()
        # tests that run at once shall find the same client
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """The services."""
        return tuple(self._urls)

    def __iter__(self) -> Iterator[str]:
        return iter(self._urls)

    def __len__(self) -> int:
        return len(self._urls)

    def __contains__(self, name: object) -> bool:
        return name in self._urls

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._urls]

    def __getitem__(self, name: str) -> Client:
        client = self._clients.get(name)
        return self._made(name) if client is None else client

    def _made(self, name: str) -> Client:
        if name not in self._urls:
            raise UnknownServiceError(
                f"'{name}' is no service of target '{self._target}'; {nearest(name, self._urls)}",
                hint=f"correct the test, or add [tool.gaia-parity.services.{name}]",
            )
        with self._lock:
            if name not in self._clients:
                self._clients[name] = self._make(self._urls[name])
            return self._clients[name]

    def __getattr__(self, name: str) -> Client:
        if name.startswith("_"):  # what Python itself asks for, as in copying
            raise AttributeError(name)
        return self[name]

    @abc.abstractmethod
    def _make(self, url: str) -> Client: ...


class _OwnCookies:
    """A client whose cookies are each test's own while many run at once."""

    _cookies: httpx.Cookies

    def __init__(self, recorder: Recorder, **settings: Any) -> None:
        self._recorder = recorder
        super().__init__(**settings)

    @property
    def cookies(self) -> httpx.Cookies:
        """The jar that requests from here take cookies from and put them in."""
        tape = self._recorder.own
        return self._cookies if tape is None else tape.cookies(self, self._cookies)

    @cookies.setter
    def cookies(self, cookies: Any) -> None:
        tape = self._recorder.own
        if tape is None:
            self._cookies = httpx.Cookies(cookies)
        else:
            tape.cookies(self, self._cookies)
            tape.jars[self] = (httpx.Cookies(cookies), tape.jars[self][1])


class RecordingClient(_OwnCookies, httpx.Client):
    """An `httpx.Client` for tests, one at a time or many at once."""


class RecordingAsyncClient(_OwnCookies, httpx.AsyncClient):
    """The same for `httpx.AsyncClient`."""


class Clients(_PerService[httpx.Client]):
    """Recording clients of one side: `services.gateway`, `services["gateway"]`; each is a real `httpx.Client`."""

    def _make(self, url: str) -> httpx.Client:
        transport = RecordingTransport(self._context, verify=self._verify)
        # a proxy of the environment would take the request past our route
        return RecordingClient(
            self._context.recorder, base_url=url, transport=transport, timeout=self._timeout, trust_env=False
        )

    def close(self) -> None:
        """Close every pool."""
        for client in self._clients.values():
            client.close()


class AsyncClients(_PerService[httpx.AsyncClient]):
    """The same with `httpx.AsyncClient`, usable in any event loop that tests run in, one after the other."""

    def _make(self, url: str) -> httpx.AsyncClient:
        transport = AsyncRecordingTransport(self._context, verify=self._verify)
        return RecordingAsyncClient(
            self._context.recorder, base_url=url, transport=transport, timeout=self._timeout, trust_env=False
        )

    def close(self) -> None:
        """Forget the clients; each event loop has closed its connections when it ended."""
        self._clients.clear()


__all__ = ["AsyncClients", "Clients", "UnknownServiceError", "WriteGuard"]
