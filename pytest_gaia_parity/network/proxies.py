"""One `fly proxy` per service: started side by side, awaited until they answer, restarted once, ended with the run."""

from __future__ import annotations

import http.client
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from pytest_gaia_parity.errors import NameNotFoundError, ParityError, UnreachableError
from pytest_gaia_parity.network.route import Endpoint, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_gaia_parity.adapters.fly import Fly
    from pytest_gaia_parity.adapters.process import Process

#: seconds until a proxy listens: the first one starts flyctl's agent and its tunnel
START = 30.0
#: seconds from then until a service answers through it
ANSWER = 10.0
#: seconds between two tries
PAUSE = 0.1
_LISTENS = re.compile(r"Proxying localhost:(\d+) to remote")


class Place(NamedTuple):
    """A port of a private name, and a path that its service answers with anything at all."""

    host: str
    port: int
    path: str = "/health"

    @property
    def app(self) -> str:
        """The app that a private name belongs to.

        >>> Place("ams.gaia-auth-dev.internal", 8000).app, Place("gaia-auth-dev.flycast", 80).app
        ('gaia-auth-dev', 'gaia-auth-dev')
        """
        return self.host.rpartition(".")[0].rpartition(".")[2]


class Proxies:
    """The proxies of one target by name and port."""

    def __init__(
        self, *, fly: Fly, target: str, places: Sequence[Place], start: float = START, answer: float = ANSWER
    ) -> None:
        self._fly = fly
        self._target = target
        self._limits = (start, answer)
        self._lock = threading.Lock()
        self._proxies = {(place.host, place.port): self._new(place) for place in places}

    def _new(self, place: Place) -> _Proxy:
        return _Proxy(self._fly, self._target, place, self._limits)

    def open(self) -> None:
        """Start all of them.

        :raises UnreachableError: each failed, and for the same reason; what ails one of them is told when it is used.
        """
        if not self._proxies:
            return
        with ThreadPoolExecutor(max_workers=min(32, len(self._proxies))) as pool:
            errors = list(pool.map(_Proxy.begin, self._proxies.values()))
        reasons = {error.hint for error in errors if error is not None}
        if len(reasons) == 1 and all(errors) and len(errors) > 1 and errors[0] is not None:
            self.close()
            raise UnreachableError(f"{errors[0].message}; no proxy could be started", hint=errors[0].hint)

    def route(self, host: str, port: int) -> Route:
        """Where the proxy of a name listens; a name that was not known before gets one.

        :raises UnreachableError: there is none, and it was tried again.
        """
        with self._lock:
            proxy = self._proxies.setdefault((host, port), self._new(Place(host, port, "/")))
        return proxy.route()

    def share(self) -> Iterator[tuple[str, int, int]]:
        """Name, port, and port of loopback of each proxy that answers, for other processes of this machine.

        They cannot ask for a route here, so from now on a proxy that ends is started again at once, on its old port.
        """
        with self._lock:
            proxies = dict(self._proxies)
        for (host, port), proxy in proxies.items():
            try:
                local = proxy.route().endpoints[0].port
            except UnreachableError:  # told by whoever uses it
                continue
            proxy.watch()
            yield host, port, local

    def failed(self, host: str, port: int) -> None:
        """Nothing to do: a proxy that ended is seen when its route is asked for."""

    def close(self) -> None:
        """End all of them, side by side."""
        if self._proxies:
            with ThreadPoolExecutor(max_workers=len(self._proxies)) as pool:
                list(pool.map(_Proxy.end, self._proxies.values()))


class _Proxy:
    def __init__(self, fly: Fly, target: str, place: Place, limits: tuple[float, float]) -> None:
        self._fly = fly
        self._target = target
        self._place = place
        self._start_limit, self._answer_limit = limits
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._route: Route | None = None
        self._error: UnreachableError | None = None
        #: how often it may yet be started
        self._starts = 2
        self._watcher: threading.Thread | None = None
        self._is_over = False

    def begin(self) -> UnreachableError | None:
        """Start it and wait until the service answers; what went wrong is kept, and returned."""
        with self._lock:
            self._begin()
            return self._error

    def route(self) -> Route:
        """Where it listens, started again once if it has ended.

        :raises UnreachableError: it cannot be used.
        """
        if self._route is not None and self._process is not None and self._process.is_running:
            return self._route
        with self._lock:
            if self._starts and (self._process is None or not self._process.is_running) and self._error is None:
                self._begin()
            if self._error is None and self._process is not None and not self._process.is_running:
                self._error = self._ended(self._process)
            if self._error is not None:
                raise self._error
            assert self._route is not None, "it was begun without an error"  # noqa: S101
            return self._route

    def watch(self) -> None:
        """Start it again when it ends, without being asked."""
        with self._lock:
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name=f"fly proxy {self._place.host}", daemon=True)
                self._watcher.start()

    def _watch(self) -> None:
        while (process := self._process) is not None and self._starts:
            process.wait()
            with self._lock:
                if self._is_over:
                    return
                if self._process is process:
                    self._begin()

    def end(self) -> None:
        """Stop it; may be called more than once."""
        self._is_over = True
        if (process := self._process) is not None:
            process.stop()  # before the lock: who holds it may be waiting for this one to listen
        with self._lock:
            if self._process is not None:
                self._process.stop()

    def _begin(self) -> None:
        self._starts -= 1
        local = 0 if self._route is None else self._route.endpoints[0].port
        started = time.perf_counter()
        self._route, self._error = None, None
        try:
            port = self._listen(local)
            self._await_answer(port)
        except UnreachableError as error:
            self._error = error
        except ParityError as error:
            self._error = UnreachableError(f"target '{self._target}': {error.message}", hint=error.hint)
        else:
            self._route = Route("fly-proxy", (Endpoint("127.0.0.1", port),), time.perf_counter() - started)

    def _listen(self, local: int) -> int:
        place = self._place
        process = self._process = self._fly.proxy(place.app, place.host, place.port, local=local)
        found = process.wait_for_line(_LISTENS, timeout=self._start_limit)
        if found is not None:
            return int(found.group(1))
        if not process.is_running:
            raise self._ended(process)
        process.stop()
        raise UnreachableError(
            f"target '{self._target}': fly proxy to {place.host} was not ready within {self._start_limit:g} s",
            hint="fly agent restart; where UDP is blocked: fly wireguard websockets enable",
        )

    def _ended(self, process: Process) -> UnreachableError:
        error = self._fly.failure(process.outcome(), app=self._place.app)
        hint = error.hint or f"fly doctor -a {self._place.app}"
        if "not found in DNS" in error.message:
            hint = f"no machine of the app runs, or there is no such app: fly machine list -a {self._place.app}"
            return NameNotFoundError(
                f"target '{self._target}': fly proxy: {self._place.host}: host was not found in DNS", hint=hint
            )
        return UnreachableError(f"target '{self._target}': {error.message}", hint=hint)

    def _await_answer(self, port: int) -> None:
        """Wait for an HTTP answer: the proxy listens before anything is known of what is behind it."""
        assert self._process is not None, "it listens"  # noqa: S101
        deadline = time.monotonic() + self._answer_limit
        while (problem := _asked(self._place, port, max(deadline - time.monotonic(), PAUSE))) is not None:
            if not self._process.is_running:
                raise self._ended(self._process)
            if time.monotonic() >= deadline:
                self._process.stop()
                raise UnreachableError(
                    f"target '{self._target}': fly proxy to {self._place.host}:{self._place.port} is up, and nothing "
                    f"answers behind it: {problem}",
                    hint="the service listens on another port, or not on IPv6 (bind [::]); else fly agent restart, "
                    "fly wireguard reset",
                )
            self._process.wait(PAUSE)


def _asked(place: Place, port: int, timeout: float) -> str | None:
    """None where any HTTP answer came, else what came instead."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", place.path, headers={"Host": f"{place.host}:{place.port}"})
        connection.getresponse()
    except http.client.BadStatusLine as error:
        # not HTTP, as TLS is not: something is there; an empty line is a connection that was closed
        return str(error) if isinstance(error, http.client.RemoteDisconnected) else None
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return None
