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

from pytest_gaia_parity.lab.plan import Door, Served, ServicePlan, SidePlan
from pytest_gaia_parity.lab.serving import ADDRESSES, listen, reserve, serving, serving_nats
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


async def serve(plan: SidePlan, folder: Path) -> None:
    """Serve a side until stdin ends."""
    async with contextlib.AsyncExitStack() as running:
        held = running.enter_context(contextlib.ExitStack())
        entrances = {name: _Entrance(one.door, plan.address, held) for name, one in plan.services.items()}
        nats = held.enter_context(listen(plan.address) if plan.nats else reserve(plan.address))
        hosts = {
            f"{one.name[0]}:{one.name[1]}": entrances[name].address
            for name, one in plan.services.items()
            if entrances[name].address is not None
        }
        hosts |= {name: address for name, one in plan.aliases.items() if (address := entrances[one].address)}
        hosts[NATS_NAME] = nats.getsockname()[:2]
        if plan.nats:
            await running.enter_async_context(serving_nats(nats))
        listening = [
            (Settings.from_env(name, _completed(name, one, folder, json.dumps(hosts))), listener)
            for name, one in plan.services.items()
            if (listener := entrances[name].listener) is not None
        ]
        await running.enter_async_context(serving(listening))
        addresses = {name: one.address for name, one in entrances.items() if one.address is not None}
        sys.stdout.buffer.write(msgspec.json.encode(Served(addresses=addresses)) + b"\n")
        sys.stdout.buffer.flush()
        await _end_of_stdin()


def _completed(name: str, plan: ServicePlan, folder: Path, hosts: str) -> dict[str, str]:
    """The environment, with what only this process knows."""
    env = {**plan.env, "LAB_HOSTS": hosts}
    if env.get("DATABASE_URL") == "":
        env["DATABASE_URL"] = f"sqlite:///{folder / name}.db"
    return env


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
