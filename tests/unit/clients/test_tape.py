"""What a tape keeps, in which order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_gaia_parity.clients.factory import AsyncClients, Clients
from pytest_gaia_parity.clients.tape import Recorder, Tape
from pytest_gaia_parity.clients.transport import WriteGuard
from pytest_gaia_parity.errors import ConfigError
from pytest_gaia_parity.network.direct import DirectNetwork
from tests.servers import Reply, start_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

    from tests.servers import Routes


def settings(url: str, recorder: Recorder) -> Any:
    """What clients of one service need."""
    return {
        "target": "dev",
        "urls": {"api": url},
        "network": DirectNetwork(),
        "recorder": recorder,
        "run_id": "run",
        "timeout": 10,
        "guard": WriteGuard(target="dev", read_only=False),
    }


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def serve(recorder: Recorder) -> Iterator[Callable[[Routes], Clients]]:
    with contextlib.ExitStack() as stack:

        def make(routes: Routes) -> Clients:
            server, running = start_server(routes)
            stack.callback(running.server_close)
            stack.callback(running.shutdown)
            clients = Clients(**settings(server.url, recorder))
            stack.callback(clients.close)
            return clients

        yield make


def paths(tape: Tape) -> list[str]:
    return [one.request.url.rpartition("/")[2] for one in tape.exchanges]


def test_exchanges_are_kept_in_the_order_in_which_they_begin(
    recorder: Recorder, serve: Callable[[Routes], Clients]
) -> None:
    slow_came, fast_ended = threading.Event(), threading.Event()

    def slow(_: BaseHTTPRequestHandler) -> Reply:
        slow_came.set()
        fast_ended.wait(10)
        return Reply({})

    clients, tape = serve({"/slow": slow, "/fast": {}}), Tape()
    recorder.use(tape)
    thread = threading.Thread(target=clients.api.get, args=("/slow",))
    thread.start()
    assert slow_came.wait(10)
    clients.api.get("/fast")
    assert paths(tape) == ["fast"]  # the other is under way
    fast_ended.set()
    thread.join()
    assert paths(tape) == ["slow", "fast"]


def test_a_response_that_nobody_holds_is_gone_at_once(recorder: Recorder, serve: Callable[[Routes], Clients]) -> None:
    """Not only when Python looks for cycles: bodies may be large."""
    clients = serve({"/item": {"a": 1}})
    recorder.use(Tape())
    gc.disable()
    try:
        response = clients.api.get("/item")
        assert response.json() == {"a": 1}
        assert response.is_closed
        gone = weakref.ref(response)
        del response
        assert gone() is None
        with clients.api.stream("GET", "/item") as streamed:
            assert b"".join(streamed.iter_raw()) == b'{"a": 1}'
        with pytest.raises(httpx.StreamConsumed):
            streamed.read()
        gone = weakref.ref(streamed)
        del streamed
        assert gone() is None
    finally:
        gc.enable()


def test_a_loop_that_has_ended_is_gone_with_its_connections(recorder: Recorder) -> None:
    server, running = start_server({})
    clients = AsyncClients(**settings(server.url, recorder))
    recorder.use(Tape())
    loops = []

    async def ask() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        assert (await clients.api.get("/health")).status_code == 200

    for _ in range(2):
        asyncio.run(ask())
    gc.collect()
    assert [loop() for loop in loops] == [None, None]
    running.shutdown()
    running.server_close()


def test_a_name_is_observed_once() -> None:
    tape = Tape()
    tape.observe("rows", 1)
    with pytest.raises(ConfigError, match="'rows' was observed before"):
        tape.observe("rows", 2)
