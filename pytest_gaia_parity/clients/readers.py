"""What reads a response of HTTP/1.1: llhttp, the parser of Node.js, in C; and h11, httpx's own, for what comes in chunks and what llhttp refuses.

llhttp is stricter than h11 (bare line feeds, folded headers, lengths said twice, blanks behind the size of a chunk). A head that it refuses, or that announces chunks,
h11 reads again from the beginning, and h11's word counts: a service that httpx can talk to is one that we can talk to, and what h11 refuses fails with h11's words.
"""

from __future__ import annotations

from typing import Any, Protocol

import h11
import httptools
import httpx

#: bytes of a response's head: h11's default
HEAD_LIMIT = 100 * 1024

_START = b"HTTP/"

# httpcore's words
_NOTHING = "Server disconnected without sending a response."


class Reader(Protocol):
    """Reads one response."""

    status: int
    reason: bytes
    version: bytes
    headers: list[tuple[bytes, bytes]]
    #: what has come of the body and was not taken yet
    parts: list[bytes]
    is_headed: bool
    is_done: bool
    keeps_alive: bool
    #: what came is no response, or not all of it; what came before that counts
    failure: httpx.RemoteProtocolError | None

    def feed(self, data: bytes) -> None:
        """Read what came next; no bytes are the connection's end."""


class IrregularError(Exception):
    """The response is for h11 to read; holds all that came of it."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self.raw = raw


class Llhttp:
    """The reader of a connection: one response after the other."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.begin("")

    def begin(self, method: str) -> None:
        """Expect the response to a request."""
        self._method = method
        self._raw = b""
        self._size = 0
        self.status = 0
        self.reason = b""
        self.version = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.is_headed = self.is_done = self.keeps_alive = False
        self.failure: httpx.RemoteProtocolError | None = None

    def feed(self, data: bytes) -> None:
        """Read what came next.

        :raises IrregularError: the head is not for this parser.
        """
        if not data:
            self._end()
            return
        is_refused = False
        if not self.is_headed:
            self._raw += data
            # the parser skips line ends in front of it
            is_refused = not self._raw.startswith(_START[: len(self._raw)])
        try:
            if not is_refused:
                self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # behind a head it can only be what stands behind the response too
            is_refused = True
            self.keeps_alive = False
        if not self.is_headed and (is_refused or len(self._raw) > HEAD_LIMIT):
            self._parser = httptools.HttpResponseParser(self)
            raise IrregularError(self._raw)

    def _end(self) -> None:
        if not self.is_headed:
            self.failure = httpx.RemoteProtocolError(_NOTHING)
            return
        length = next((value for name, value in self.headers if name.lower() == b"content-length"), None)
        if length is None:
            self.is_done = True
        else:
            said = f"peer closed connection without sending complete message body (received {self._size} bytes, expected {int(length)})"
            self.failure = httpx.RemoteProtocolError(said)

    # what the parser calls

    def on_message_begin(self) -> None:
        """Another response than the one that was asked for is nobody's, and ends the connection."""
        if self.is_done:
            self.keeps_alive = False

    def on_status(self, part: bytes) -> None:
        """Take the reason, or a part of it."""
        if not self.is_headed:
            self.reason += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what comes behind the head is a trailer, which httpx does not know."""
        if not self.is_headed:
            if name.lower() == b"transfer-encoding":
                raise ValueError("h11 reads chunks")  # which ends the parser's work
            self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """End the head; an interim response has nothing else, and another one comes."""
        if self.is_headed:
            return
        status = self._parser.get_status_code()
        if status < httpx.codes.OK:
            self.headers, self.reason = [], b""
            return
        self.status = status
        self.version = b"HTTP/" + self._parser.get_http_version().encode("ascii")
        self.is_headed = True
        if self._method == "HEAD":
            self._complete()
            # this one waits for the body that the head speaks of
            self._parser = httptools.HttpResponseParser(self)

    def on_body(self, part: bytes) -> None:
        """Take a part of the body."""
        if self.is_done:
            self.keeps_alive = False
            return
        self._size += len(part)
        self.parts.append(part)

    def on_message_complete(self) -> None:
        """End the response."""
        if self.is_headed and not self.is_done:
            self._complete()

    def _complete(self) -> None:
        self.is_done = True
        # of HTTP/1.0 nothing is kept, as with h11
        self.keeps_alive = self.version > b"HTTP/1.0" and self._parser.should_keep_alive()


class H11:
    """Reads one response as httpx does."""

    def __init__(self, method: str) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        # that there was a request is all that it has to know
        self._connection.send(h11.Request(method=method, target=b"/", headers=[(b"host", b"")]))
        self._connection.send(h11.EndOfMessage())
        self.status = 0
        self.reason = b""
        self.version = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.is_headed = self.is_done = self.keeps_alive = False
        self.failure: httpx.RemoteProtocolError | None = None

    def feed(self, data: bytes) -> None:
        """Read what came next."""
        if not data and not self.is_headed:
            self.failure = httpx.RemoteProtocolError(_NOTHING)
            return
        try:
            self._connection.receive_data(data)
            while not self.is_done and type(event := self._connection.next_event()) not in {h11.NEED_DATA, h11.PAUSED}:
                self._take(event)
        except h11.RemoteProtocolError as error:
            self.failure = httpx.RemoteProtocolError(str(error))

    def _take(self, event: Any) -> None:
        if isinstance(event, h11.Response):
            self.status, self.reason = event.status_code, event.reason
            self.version = b"HTTP/" + event.http_version
            self.headers = event.headers.raw_items()
            self.is_headed = True
        elif isinstance(event, h11.Data):
            self.parts.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self.is_done = True
            rest, _ = self._connection.trailing_data
            self.keeps_alive = self._connection.their_state is h11.DONE and not rest
