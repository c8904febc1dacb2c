"""Passes connections on, each piece 300 ms late: python -m tests.docker.delaying LISTEN-PORT TO-HOST TO-PORT SECONDS."""

from __future__ import annotations

import asyncio
import contextlib
import sys


def main() -> None:
    """Pass on until the process is ended."""
    port, host, to_port, seconds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    asyncio.run(_serve(port, (host, to_port), seconds))


async def _serve(port: int, to: tuple[str, int], seconds: float) -> None:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(*to)
        async with asyncio.TaskGroup() as both:
            both.create_task(_pass_on(reader, inner_writer, seconds))
            both.create_task(_pass_on(inner_reader, writer, 0))

    async with await asyncio.start_server(take, "::", port) as server:
        await server.serve_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65536):
            await asyncio.sleep(seconds)  # the delay itself
            writer.write(piece)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    main()
