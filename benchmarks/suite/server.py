"""Two services in one process, each a fixed distance away: `python server.py DELAY DELAY …` prints their ports."""

from __future__ import annotations

import asyncio
import json
import sys

_BODY = json.dumps(
    {"items": [{"id": f"{n:032x}", "name": f"asset {n}", "size": n * 1000, "tags": ["a", "b"]} for n in range(10)]}
).encode()
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


class Service(asyncio.Protocol):
    """Answers each request after its distance; as little as HTTP needs, so that what is measured is the client."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole head: the requests of the suite have no body."""
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            _, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            asyncio.get_running_loop().call_later(self._delay, self._answer)

    def _answer(self) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(_ANSWER)


def _maker(delay: float) -> type[Service]:
    class Near(Service):
        def __init__(self) -> None:
            super().__init__(delay)

    return Near


async def main(delays: list[float]) -> None:
    """Serve until the process is ended."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(_maker(delay), "127.0.0.1", 0, backlog=512) for delay in delays]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main([float(text) for text in sys.argv[1:]]))
