"""One connection to a service, which speaks HTTP/1.1: a request out, its response in."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import httpcore
import httpx

from pytest_gaia_parity.clients.readers import H11, IrregularError, Llhttp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_gaia_parity.clients.readers import Reader

#: seconds that a connection may lie idle: httpx's default
KEEPALIVE_EXPIRY = 5.0

#: bytes that are read at once, and of a body that are sent together with the head
_CHUNK = 64 * 1024

_TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
#: what h11 sends as it is
_REGULAR = re.compile(
    _TOKEN
    + rb" [\x21-\x7e]+ HTTP/1\.1\r\n(?:"
    + _TOKEN
    + rb": (?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?\r\n)+\r\n"
)
#: headers that say once, or not at all, how the message goes on
_FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding", b"upgrade", b"connection"})


class Head(NamedTuple):
    """A request's head as it is sent, and how its body is framed."""

    data: bytes
    chunked: bool
    length: int
    #: it asks the service to close the connection, which may happen a moment after the answer
    is_last: bool


def regular_head(request: Any) -> Head | None:
    """The head of a request; None where it is malformed, or asks for something else than HTTP/1.1."""
    lines = [b"%s %s HTTP/1.1\r\n" % (request.method.encode("ascii", "replace"), request.url.raw_path)]
    framing: dict[bytes, bytes] = {}
    for name, value in request.headers.raw:
        lines.append(b"%s: %s\r\n" % (name, value))
        lowered = name.lower()
        if lowered in _FRAMING:
            if lowered in framing:
                return None
            framing[lowered] = value
    lines.append(b"\r\n")
    data = b"".join(lines)
    coding, length = framing.get(b"transfer-encoding"), framing.get(b"content-length", b"0")
    is_http = b"host" in framing and b"upgrade" not in framing and request.method != "CONNECT"
    # a line end within a value would begin another header
    if (
        data.count(b"\r\n") != len(lines)
        or not is_http
        or coding not in {None, b"chunked"}
        or not length.isdigit()
        or not _REGULAR.fullmatch(data)
    ):
        return None
    is_last = b"close" in framing.get(b"connection", b"").lower()
    return Head(data, chunked=coding is not None, length=int(length), is_last=is_last)


def _framed(head: Head, body: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a body as they are sent.

    :raises httpx.LocalProtocolError: it is not as long as the head says.
    """
    if head.chunked:
        for part in body:
            if part:
                yield b"%x\r\n%s\r\n" % (len(part), part)
        yield b"0\r\n\r\n"
        return
    left = head.length
    for part in body:
        left -= len(part)
        if left < 0:
            raise httpx.LocalProtocolError("Too much data for declared Content-Length")
        if part:
            yield part
    if left:
        raise httpx.LocalProtocolError("Too little data for declared Content-Length")


class Connection:
    """One connection, kept alive from exchange to exchange."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self.stream = stream
        self._regular = Llhttp()
        self._reader: Reader = self._regular
        self._idle_since = 0.0
        self._is_last = False

    def rest(self) -> bool:
        """Whether another request may follow, in a while."""
        self._idle_since = time.monotonic()
        return self._reader.is_done and self._reader.keeps_alive and not self._is_last

    @property
    def is_stale(self) -> bool:
        """Whether it has been idle for too long."""
        return time.monotonic() - self._idle_since >= KEEPALIVE_EXPIRY

    @property
    def is_dead(self) -> bool:
        """Whether its other end has closed it; or sent what nobody has asked for."""
        return bool(self.stream.get_extra_info("is_readable"))

    def send(self, head: Head, body: Any, timeout: float | None) -> None:
        """Send a request.

        :raises httpx.LocalProtocolError: the body is not as long as the head says.
        """
        self._is_last = head.is_last
        # a service may answer and close before it has read all: then its answer is there to be read
        with contextlib.suppress(httpcore.WriteError):
            if isinstance(body, httpx.ByteStream):
                content = b"".join(body)
                if not head.chunked and len(content) == head.length <= _CHUNK:
                    self.stream.write(head.data + content, timeout)
                    return
                body = (content,)
            self.stream.write(head.data, timeout)
            for part in _framed(head, body):
                self.stream.write(part, timeout)

    def receive(self, method: str, timeout: float | None) -> Reader:
        """Read until the response's head is there.

        :raises httpx.RemoteProtocolError: what came is no response.
        """
        self._regular.begin(method)
        reader: Reader = self._regular
        while not reader.is_headed:
            data = self.stream.read(_CHUNK, timeout)
            try:
                reader.feed(data)
            except IrregularError as error:
                reader = H11(method)
                reader.feed(error.raw)
            if reader.failure is not None and not reader.is_headed:
                raise reader.failure
        self._reader = reader
        return reader

    def body(self, timeout: float | None) -> Iterator[bytes]:
        """The response's body as it comes.

        :raises httpx.RemoteProtocolError: it is malformed, or ends too early.
        """
        reader = self._reader
        while True:
            parts, reader.parts = reader.parts, []
            yield from parts
            if reader.failure is not None:
                raise reader.failure
            if reader.is_done:
                return
            reader.feed(self.stream.read(_CHUNK, timeout))

    def close(self) -> None:
        """End it."""
        self.stream.close()
