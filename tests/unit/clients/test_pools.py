"""Pools of connections that outlive an answer of the DNS server: both follow where the name leads, and leave who is gone."""

from __future__ import annotations

import contextlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import anyio
import pytest

from pytest_gaia_parity.clients.factory import AsyncClients, Clients
from pytest_gaia_parity.clients.tape import Recorder
from pytest_gaia_parity.clients.transport import WriteGuard
from pytest_gaia_parity.network.name_server import NameServerNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.name_server import Zone

pytest.importorskip("dns", reason="the extra `fly` is not installed")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 on loopback")

HOST = "gaia-auth-dev.internal"
#: AAAA records that lead to IPv4 on loopback: two machines with one port
OLD, NEW = "::ffff:127.0.0.2", "::ffff:127.0.0.3"


class Machine:
    """A service on one address, with keep-alive, that counts the connections it takes and can be gone at once."""

    def __init__(self, address: str, port: int = 0) -> None:
        open_ones: list[BaseHTTPRequestHandler] = []
        self.connections = open_ones

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                open_ones.append(self)

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-length", str(len(address)))
                self.end_headers()
                self.wfile.write(address.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Listener(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Listener((address, port), Handler)
        self.port = self._server.server_port
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def vanish(self) -> None:
        """Listen no more, and close every connection, as a machine that is destroyed."""
        self._server.shutdown()
        self._server.server_close()
        for one in self.connections:
            with contextlib.suppress(OSError):
                one.connection.shutdown(2)


class World:
    """Two machines, a DNS server that knows the first, a client of each kind, and a clock that tests put forward."""

    def __init__(self, zone: Zone, old: Machine, new: Machine) -> None:
        self.zone, self.old, self.new = zone, old, new
        self.now = 0.0
        self.network = NameServerNetwork(server=zone.server, target="dev", clock=lambda: self.now)
        self.network.open()
        settings = {
            "target": "dev",
            "urls": {"auth": f"http://{HOST}:{old.port}"},
            "network": self.network,
            "recorder": Recorder(),
            "run_id": "r",
            "timeout": 5.0,
            "guard": WriteGuard(target="dev", read_only=False),
        }
        self.clients, self.async_clients = Clients(**settings), AsyncClients(**settings)  # type: ignore[arg-type] # a table of settings

    def lead_to(self, *addresses: str) -> None:
        self.zone.names[HOST] = list(addresses)

    async def ask(self, *, is_async: bool) -> str:
        if is_async:
            return (await self.async_clients.auth.get("/")).text
        return self.clients.auth.get("/").text


@pytest.fixture
def world() -> Iterator[World]:
    from tests.name_server import Zone, serving  # noqa: PLC0415 - needs the extra

    old = Machine("127.0.0.2")
    new = Machine("127.0.0.3", old.port)
    with serving(Zone()) as zone:
        zone.names[HOST] = [OLD]
        made = World(zone, old, new)
        yield made
        made.clients.close()
    old.vanish()
    new.vanish()


@pytest.mark.parametrize("is_async", [False, True])
def test_a_pool_moves_to_the_new_address_when_the_answer_has_died_and_not_before(
    world: World,
    is_async: bool,
) -> None:
    async def run() -> None:
        assert await world.ask(is_async=is_async) == "127.0.0.2"
        world.lead_to(NEW)
        world.now = 4.0
        assert await world.ask(is_async=is_async) == "127.0.0.2"
        assert len(world.old.connections) == 1, "kept alive"
        world.now = 5.0
        assert [await world.ask(is_async=is_async) for _ in range(2)] == ["127.0.0.3"] * 2
        assert len(world.new.connections) == 1, "kept alive"

    anyio.run(run)
    assert len(world.zone.asked) == 2


@pytest.mark.parametrize("is_async", [False, True])
def test_a_peer_that_is_gone_is_left_although_its_answer_lives(
    world: World,
    is_async: bool,
) -> None:
    async def run() -> None:
        world.lead_to(OLD, NEW)
        first = await world.ask(is_async=is_async)
        gone = world.old if first == "127.0.0.2" else world.new
        world.lead_to(NEW if gone is world.old else OLD)
        gone.vanish()
        assert [await world.ask(is_async=is_async) for _ in range(2)] == [
            "127.0.0.3" if gone is world.old else "127.0.0.2"
        ] * 2

    anyio.run(run)
    assert len(world.zone.asked) == 2, "anew once, when it could not be connected"
