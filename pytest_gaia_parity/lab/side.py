"""The process of one side: reads its plan on stdin, says where it listens, serves until stdin ends.

    python -m pytest_gaia_parity.lab.side

The process that started it may end in any way, killed too: the pipe then ends, and so does this one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.lab.plan import Door, Restart, Restarted, Served, SidePlan
from pytest_gaia_parity.lab.serving import ADDRESSES, Instance, listen, reserve, serving_nats
from pytest_gaia_parity.lab.settings import Settings

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

NATS_NAME = "nats:4222"


class _Entrance:
    """The sockets of one service: the address that others are given, and the socket to serve on, if any."""

    def __init__(self, door: Door, address: str, held: contextlib.ExitStack) -> None:
        self.listener: socket.socket | None = None
        self.address: tuple[str, int] | None = None
        if door is Door.UNKNOWN:
            return
        if door is Door.IPV4_ONLY:
            self.listener, port = _twin(listen, address, held)
        elif door is Door.CLOSED:
            _, port = _twin(reserve, address, held)
        else:
            opened = held.enter_context(listen(address))
            port = opened.getsockname()[1]
            self.listener = opened if door is Door.OPEN else None
        self.address = (address, port)


def _twin(make: Callable[[str], socket.socket], address: str, held: contextlib.ExitStack) -> tuple[socket.socket, int]:
    """Open a port of the other family with *make*, and hold the same one here, where it is refused."""
    other = next(name for name in ADDRESSES if name != address)
    while True:
        opened = make(other)
        port = int(opened.getsockname()[1])
        try:
            held.enter_context(reserve(address, port))
        except OSError:
            opened.close()
            continue
        return held.enter_context(opened), port


class _Side:
    """The running services of a side."""

    def __init__(self, folder: Path, hosts: dict[str, tuple[str, int]], held: contextlib.ExitStack) -> None:
        self._folder = folder
        self._held = held
        self._hosts = json.dumps(hosts)
        self._instances: dict[str, Instance] = {}

    def start(self, name: str, env: dict[str, str], listener: socket.socket) -> None:
        """Serve a service."""
        log = self._held.enter_context((self._folder / f"{name}.log").open("a", encoding="utf-8"))
        self._instances[name] = Instance(listener, log)
        self._instances[name].start(self._settings(name, env))

    async def stop(self) -> None:
        """End all services, side by side."""
        await asyncio.gather(*(instance.stop() for instance in self._instances.values()))

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client of the control socket."""
        while line := await reader.readline():
            writer.write(msgspec.json.encode(await self._restarted(line)) + b"\n")
        writer.close()

    async def _restarted(self, line: bytes) -> Restarted:
        try:
            asked = msgspec.json.decode(line, type=Restart)
            settings = self._settings(asked.restart, asked.env)
            instance = self._instances[asked.restart]
        except (msgspec.MsgspecError, ValueError) as error:
            return Restarted(ok=False, error=str(error))
        except KeyError as error:
            return Restarted(ok=False, error=f"{error} is not served here")
        await instance.stop()
        instance.start(settings)
        return Restarted(ok=True)

    def _settings(self, name: str, env: dict[str, str]) -> Settings:
        """The settings, with what only this process knows."""
        env = {**env, "LAB_HOSTS": self._hosts}
        if env.get("DATABASE_URL") == "":
            env["DATABASE_URL"] = f"sqlite:///{self._folder / name}.db"
        return Settings.from_env(name, env)


async def serve(plan: SidePlan, folder: Path) -> None:
    """Serve a side until stdin ends."""
    async with contextlib.AsyncExitStack() as running:
        held = running.enter_context(contextlib.ExitStack())
        entrances = {name: _Entrance(one.door, plan.address, held) for name, one in plan.services.items()}
        nats = held.enter_context(listen(plan.address) if plan.nats else reserve(plan.address))
        if plan.nats:
            await running.enter_async_context(serving_nats(nats))
        side = _Side(folder, _hosts(plan, entrances) | {NATS_NAME: nats.getsockname()[:2]}, held)
        running.push_async_callback(side.stop)
        for name, one in plan.services.items():
            listener = entrances[name].listener
            if listener is not None:
                side.start(name, one.env, listener)
        control = folder / "control"
        server = await asyncio.start_unix_server(side.take, control)
        running.callback(server.close)
        addresses = {name: one.address for name, one in entrances.items() if one.address is not None}
        served = Served(addresses=addresses, control=str(control))
        sys.stdout.buffer.write(msgspec.json.encode(served) + b"\n")
        sys.stdout.buffer.flush()
        await _end_of_stdin()


def _hosts(plan: SidePlan, entrances: dict[str, _Entrance]) -> dict[str, tuple[str, int]]:
    """What a DNS server would know: every name that leads somewhere."""
    names = {f"{one.name[0]}:{one.name[1]}": name for name, one in plan.services.items()} | plan.aliases
    return {name: address for name, service in names.items() if (address := entrances[service].address)}


async def _end_of_stdin() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def main() -> None:
    """Run until stdin ends."""
    # Ctrl-C reaches the whole group of processes; the one that started this one decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=SidePlan)
    with tempfile.TemporaryDirectory(prefix=f"gaia-lab-{plan.target}-") as folder:
        asyncio.run(serve(plan, Path(folder)))


if __name__ == "__main__":
    main()
