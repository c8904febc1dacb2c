"""A service that answers with bytes as a test gives them, and keeps what it was sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass, field
from threading import Thread

import pytest

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def no_context() -> ssl.SSLContext:
    pytest.fail("an SSL context is made, and nobody needs one")


def bare_context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # a default one reads all certificates, for each transport


@dataclass
class Script:
    """What to send for one request, piece by piece; then perhaps the end of the connection."""

    pieces: list[bytes]
    closes: bool = False
    #: it closes before it has read anything
    deaf: bool = False
    #: it ends the connection at once, with all that it was sent unread: a reset
    breaks: bool = False


@dataclass
class Peer:
    """Listens on loopback; each request that it reads whole is answered by the script that is set."""

    script: Script = field(default_factory=lambda: Script([]))
    #: each connection's requests
    connections: list[list[bytes]] = field(default_factory=list, repr=False)

    #: it speaks TLS
    context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http{'s' if self.context else ''}://127.0.0.1:{self.port}"

    def hang_up(self) -> None:
        """Close all connections; clients see it as soon as they look."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        # closing alone does not wake who waits in accept
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.append(connection)
                requests: list[bytes] = []
                self.connections.append(requests)
                Thread(target=self._serve, args=(connection, requests), daemon=True).start()

    def _serve(self, connection: socket.socket, requests: list[bytes]) -> None:
        with contextlib.suppress(OSError), connection:
            if self.context is None:
                self._talk(connection, requests)
            else:
                with self.context.wrap_socket(connection, server_side=True) as secure:
                    self._talk(secure, requests)

    def _talk(self, connection: socket.socket, requests: list[bytes]) -> None:
        while self.script.deaf or (request := _request(connection)):
            if not self.script.deaf:
                requests.append(request)
            script = self.script
            for piece in script.pieces:
                connection.sendall(piece)
            if script.breaks:
                connection.recv(1)
                return
            if script.closes:
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # or what is not read makes of the end a reset
                    pass
                return


def _request(connection: socket.socket) -> bytes:
    """One request with its body; empty where the client has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lowered = head.lower()
    if b"transfer-encoding: chunked" in lowered:
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
    elif b"content-length: " in lowered:
        length = int(lowered.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            more = connection.recv(65536)
            if not more:
                return b""
            body += more
    return head + b"\r\n\r\n" + body
