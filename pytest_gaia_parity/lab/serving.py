"""Serves apps on sockets that are bound already: uvicorn without its signal handlers, and the lab's NATS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

from pytest_gaia_parity.lab.app import NATS_GREETING, build
from pytest_gaia_parity.lab.log import Logged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import TextIO

    from starlette.types import ASGIApp

    from pytest_gaia_parity.lab.app import Built
    from pytest_gaia_parity.lab.settings import Settings

ADDRESSES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process, which serves more than one app."""
        yield


class Instance:
    """A service being served; it can be started anew on the same listener, where clients wait meanwhile."""

    def __init__(self, listener: socket.socket, log: TextIO) -> None:
        self._listener = listener
        self._log = log
        self._running: tuple[_Server, asyncio.Task[None], Built] | None = None

    def start(self, settings: Settings) -> None:
        """Serve with these settings."""
        built = build(settings)
        server = _Server(_config(Logged(built.app, settings.service, self._log)))
        # uvicorn closes what it is given
        task = asyncio.create_task(server.serve(sockets=[self._listener.dup()]))
        self._running = (server, task, built)

    async def stop(self) -> None:
        """Answer what is under way, and end."""
        if self._running is None:
            return
        (server, task, built), self._running = self._running, None
        server.should_exit = True
        await task
        await built.close()


def _config(app: ASGIApp) -> uvicorn.Config:
    # headers that a proxy may own are the platform's business
    return uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_level="warning",
        date_header=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=1,
    )


@contextlib.asynccontextmanager
async def serving_nats(listener: socket.socket) -> AsyncIterator[None]:
    """Greet as a NATS server does, and answer its pings, while the block runs."""
    server = await asyncio.start_server(_answer_nats, sock=listener)
    try:
        yield
    finally:
        server.close()


async def _answer_nats(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.write(NATS_GREETING + b'{"server_name":"lab","version":"2.12.0","max_payload":1048576}\r\n')
        while line := await reader.readline():
            if line.upper().startswith(b"PING"):
                writer.write(b"PONG\r\n")
    writer.close()


def listen(address: str, port: int = 0) -> socket.socket:
    """A listening socket on *address*, by default on a port that the kernel chooses."""
    # asyncio turns Nagle's algorithm off only where the protocol is named: without it each answer may wait 40 ms
    listener = socket.socket(ADDRESSES[address], socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(512)
    listener.setblocking(False)
    return listener


def reserve(address: str, port: int = 0) -> socket.socket:
    """A socket that holds a port on which nothing listens, so that nobody else can answer there."""
    holder = socket.socket(ADDRESSES[address])
    holder.bind((address, port))
    return holder
