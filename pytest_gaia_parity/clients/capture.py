"""One exchange while it is under way: what goes out, what comes in, when; sync and async alike."""

from __future__ import annotations

import codecs
import hashlib
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from pytest_gaia_parity.model.exchange import Body, Connection, Exchange, Failure, Request, Response, Timings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pytest_gaia_parity.clients.tape import Tape
    from pytest_gaia_parity.network.route import Endpoint, Route

#: bytes of a body that are kept; of a larger one its beginning and its digest
BODY_LIMIT = 16 * 1024 * 1024

_KNOWN_CODINGS = frozenset({"identity", "gzip", "deflate", "br", "zstd"})


class Collected:
    """Bytes that pass by: all of them up to a limit, then their number and digest only."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._digest: Any = None
        self.size = 0

    def add(self, part: bytes) -> None:
        """Take the next bytes."""
        self._parts.append(part)
        self.size += len(part)
        if self._digest is not None:
            self._digest.update(self._parts.pop())
        elif self.size > self._limit:
            whole = b"".join(self._parts)
            self._digest = hashlib.sha256(whole)
            self._parts = [whole[: self._limit]]

    def drop(self) -> None:
        """Keep nothing any more: what was collected is recorded."""
        self._parts = []

    @property
    def content(self) -> bytes:
        """What was kept."""
        return b"".join(self._parts)

    @property
    def digest(self) -> str:
        """Digest of all bytes where not all were kept, else empty."""
        return "" if self._digest is None else self._digest.hexdigest()


class Tee(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A stream that is collected while it is read; tells its capture when it is closed."""

    def __init__(self, stream: Any, collected: Collected, capture: Capture | None = None) -> None:
        self._stream = stream
        self._collected = collected
        self._capture = capture

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._stream:
                self._collected.add(part)
                yield part
        except Exception as error:
            self._failed(error)
            raise
        self._ended()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                self._collected.add(part)
                yield part
        except Exception as error:
            self._failed(error)
            raise
        self._ended()

    def close(self) -> None:
        """Close the stream below; the exchange is over."""
        if hasattr(self._stream, "close"):
            self._stream.close()
        self._over()

    async def aclose(self) -> None:
        """The same, asynchronous."""
        if hasattr(self._stream, "aclose"):
            await self._stream.aclose()
        self._over()

    def _over(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.close()

    def _ended(self) -> None:
        if self._capture is not None:
            self._capture.whole = True

    def _failed(self, error: Exception) -> None:
        if self._capture is not None:
            self._capture.fail(error)


class _RoutedUrl(NamedTuple):
    """The parts of a URL that a transport reads."""

    raw_scheme: bytes
    raw_host: bytes
    port: int | None
    raw_path: bytes


class _Routed(NamedTuple):
    """The parts of a request that a transport reads: a tenth of what another httpx.Request would cost."""

    method: str
    url: _RoutedUrl
    headers: httpx.Headers
    stream: Any
    extensions: dict[str, Any]


class Capture:
    """Collects one exchange and puts it on the tape that was current when it began."""

    def __init__(self, request: httpx.Request, *, service: str, tape: Tape, limit: int = BODY_LIMIT) -> None:
        self._request = request
        self._service = service
        self._tape = tape
        self._place = tape.begin()
        self._limit = limit
        self._sent = Collected(limit)
        self._received = Collected(limit)
        self._response: httpx.Response | None = None
        self._route: Route | None = None
        self._endpoint: Endpoint | None = None
        self._peer: Any = None
        self._connected: float | None = None
        self._first_byte: float | None = None
        self._is_done = False
        self.whole = False
        self._url = str(request.url)
        self._started = time.time()
        self._clock = time.perf_counter()

    def routed(self, route: Route, endpoint: Endpoint | None, trace: Any) -> Any:
        """The request as it is sent to *endpoint*: the URL's host and port replaced, everything services see kept."""
        self._route, self._endpoint = route, endpoint
        request = self._request
        url = request.url
        extensions = {**request.extensions, "trace": trace}
        host, port = url.raw_host, url.port
        if endpoint is not None:
            extensions["sni_hostname"] = url.host
            host, port = endpoint.host.encode("ascii"), endpoint.port
        return _Routed(
            request.method,
            _RoutedUrl(url.raw_scheme, host, port, url.raw_path),
            request.headers,
            self._request_stream(),
            extensions,
        )

    def _request_stream(self) -> Any:
        try:
            content = self._request.content
        except httpx.RequestNotRead:
            self._sent = Collected(self._limit)
            return Tee(self._request.stream, self._sent)
        if content and not self._sent.size:
            self._sent.add(content)
        return self._request.stream

    def trace(self, event: str, _: Any) -> None:
        """Take the time of what httpcore tells."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._connected = time.perf_counter()
        elif event.endswith(".receive_response_headers.complete"):
            self._first_byte = time.perf_counter()

    async def atrace(self, event: str, info: Any) -> None:
        """The same, asynchronous."""
        self.trace(event, info)

    def answered(self, response: httpx.Response) -> httpx.Response:
        """The response as it goes up to the client: its stream is collected."""
        self._response = response
        if self._endpoint is None or not _is_address(self._endpoint.host):
            stream = response.extensions.get("network_stream")
            # now: when the exchange ends the socket may be closed
            self._peer = None if stream is None else stream.get_extra_info("server_addr")
        response.stream = Tee(response.stream, self._received, self)
        return response

    def fail(self, error: Exception) -> None:
        """End with a failure."""
        self._finish(Failure(type=type(error).__name__, message=str(error)))

    def close(self) -> None:
        """End with what was received; the stream is closed, and nothing is to be had of it any more."""
        self._finish(None)
        response, self._response = self._response, None
        if response is not None:
            # httpx lets a response and its stream hold each other: they would wait for the garbage collector, with the body
            response.stream = httpx.ByteStream(b"")

    def _finish(self, failure: Failure | None) -> None:
        if self._is_done:
            return
        self._is_done = True
        ended = time.perf_counter()
        request = self._request
        self._tape.add(
            Exchange(
                service=self._service,
                request=Request(
                    method=request.method,
                    url=self._url,
                    headers=_headers(request.headers),
                    body=_body(self._sent, request.headers, whole=True, limit=self._limit),
                ),
                response=None if self._response is None else self._recorded(self._response),
                failure=failure,
                connection=self._connection(),
                timings=Timings(
                    started=self._started,
                    connect=self._since(self._connected),
                    first_byte=self._since(self._first_byte),
                    total=ended - self._clock,
                ),
                trace=request.headers["traceparent"],
            ),
            self._place,
        )
        self._sent.drop()
        self._received.drop()

    def _recorded(self, response: httpx.Response) -> Response:
        extensions = response.extensions
        return Response(
            status=response.status_code,
            reason=extensions.get("reason_phrase", b"").decode("ascii", "replace"),
            http_version=extensions.get("http_version", b"HTTP/1.1").decode("ascii", "replace"),
            headers=_headers(response.headers),
            body=_body(self._received, response.headers, whole=self.whole, limit=self._limit),
        )

    def _connection(self) -> Connection:
        host, port = ("", 0) if self._endpoint is None else self._endpoint
        if self._peer:
            host, port = self._peer[0], self._peer[1]
        is_v6 = ":" in host
        return Connection(
            address=f"[{host}]:{port}" if is_v6 else f"{host}:{port}" if host else "",
            family="IPv6" if is_v6 else "IPv4" if host else "",
            route="" if self._route is None else self._route.via,
            resolve=None if self._route is None else self._route.resolve,
            reused=self._response is not None and self._connected is None,
        )

    def _since(self, moment: float | None) -> float | None:
        return None if moment is None else moment - self._clock


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _headers(headers: httpx.Headers) -> tuple[tuple[str, str], ...]:
    encoding = headers.encoding
    return tuple([(name.decode(encoding), value.decode(encoding)) for name, value in headers.raw])


def _body(collected: Collected, headers: httpx.Headers, *, whole: bool, limit: int) -> Body:
    if not collected.size:
        return Body(partial=not whole)
    wire, content, problem, digest = collected.size, collected.content, "", collected.digest
    if "content-encoding" in headers:
        content, problem = _uncoded(content, headers, is_cut=bool(digest), whole=whole)
    size = wire if digest else len(content)
    if not digest and size > limit:
        digest, content = hashlib.sha256(content).hexdigest(), content[:limit]
    text = _text(content, whole=whole and not digest)
    return Body(
        text=text,
        data=content if text is None else None,
        size=size,
        wire_size=wire,
        digest=digest,
        truncated=bool(digest),
        partial=not whole,
        decode_error=problem,
    )


def _text(content: bytes, *, whole: bool) -> str | None:
    """What the bytes say as text; of what was cut off the last character may lack bytes."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content, final=whole)
    except UnicodeDecodeError:
        return None


def _uncoded(content: bytes, headers: httpx.Headers, *, is_cut: bool, whole: bool) -> tuple[bytes, str]:
    """Undo the content-encoding. Of what cannot be undone, because the end is missing, nothing is kept.

    What is still compressed cannot be searched for secrets, and its digest tells as much.
    """
    if is_cut:
        return b"", ""
    found, problem = _decoded(content, headers)
    return (b"", "") if problem and not whole else (found, problem)


def _decoded(content: bytes, headers: httpx.Headers) -> tuple[bytes, str]:
    """Undo the content-encoding as httpx does; the bytes as they came and the reason where that fails."""
    codings = [one.strip().lower() for one in headers.get("content-encoding", "").split(",") if one.strip()]
    unknown = [coding for coding in codings if coding not in _KNOWN_CODINGS]
    if unknown:
        return content, f"the coding '{unknown[0]}' is not known"
    try:
        return httpx.Response(200, headers={"content-encoding": ", ".join(codings)}, content=content).content, ""
    except httpx.DecodingError as error:
        return content, f"{', '.join(codings)}: {error}"
