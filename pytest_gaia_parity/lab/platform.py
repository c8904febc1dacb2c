"""What stands around a service: clock, compression and the headers of Compose or Fly."""

from __future__ import annotations

import email.utils
import gzip
import uuid
from typing import TYPE_CHECKING

import brotli

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pytest_gaia_parity.lab.settings import Settings

#: bodies below this stay as they are
SMALLEST = 600
TEXTUAL = ("application/json", "text/html", "text/plain", "application/x-ndjson")
PROXY_ERROR = (
    b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n"
    b"<body><center><h1>502 Bad Gateway</h1></center><hr><center>fly-proxy</center></body></html>\n"
)
Headers = list[tuple[bytes, bytes]]

_CODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": lambda body: gzip.compress(body, compresslevel=5, mtime=0),
}
#: what each platform compresses with, what it prefers first
CODINGS = {"compose": ("gzip",), "fly": ("br", "gzip")}


class Platform:
    """Wraps a service's app: outside it, nothing of the service's own answer has changed but its wrapping."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wrapped = _Wrapped(self._settings, scope, send)
        if "proxy-error-page" in self._settings.quirks and scope["path"] != "/health":
            await wrapped.proxy_error()
            return
        await self._app(scope, receive, wrapped.send)


class _Wrapped:
    """One answer on its way out."""

    def __init__(self, settings: Settings, scope: Scope, send: Send) -> None:
        self._settings = settings
        self._scope = scope
        self._send = send
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """Pass a message on; the start waits for the body, by which is decided whether to compress."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            headers: Headers = list(start["headers"])
            body = message.get("body", b"")
            if not message.get("more_body") and _is_compressible(headers):
                # said for every size: links make a body longer on one side than on the other
                headers.append((b"vary", b"Accept-Encoding"))
                message = {**message, "body": self._compress(headers, body)}
            await self._send({**start, "headers": [*headers, *self._own_headers()]})
        await self._send(message)

    async def proxy_error(self) -> None:
        """Answer in the service's place, as a proxy does that cannot reach it."""
        headers = [(b"content-type", b"text/html"), (b"content-length", str(len(PROXY_ERROR)).encode())]
        await self._send(
            {"type": "http.response.start", "status": 502, "headers": [*headers, *self._own_headers()]},
        )
        await self._send({"type": "http.response.body", "body": PROXY_ERROR})

    def _compress(self, headers: Headers, body: bytes) -> bytes:
        coding = self._coding()
        if not coding or len(body) < SMALLEST:
            return body
        if coding == "unknown":
            # a coding of RFC 9842 that needs a dictionary; no common client speaks it
            packed, coding = b"\x5e\x2a\x4d\x18" + body[::-1], "dcz"
        else:
            packed = _CODERS[coding](body)
        headers[:] = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(packed)).encode()))
        headers.append((b"content-encoding", coding.encode()))
        return packed

    def _coding(self) -> str:
        if "undecodable-compression" in self._settings.quirks:
            return "unknown"
        accepted = _accepted(self._scope["headers"])
        return next((coding for coding in CODINGS[self._settings.platform] if coding in accepted), "")

    def _own_headers(self) -> Headers:
        date = email.utils.formatdate(self._settings.now(), usegmt=True).encode()
        if self._settings.platform == "compose":
            return [(b"date", date), (b"server", b"uvicorn")]
        request_id = f"{uuid.uuid4().hex[:26].upper()}-{self._settings.region}".encode()
        return [
            (b"date", date),
            (b"server", b"Fly/3f202ae0d (2026-10-12)"),
            (b"via", b"1.1 fly.io"),
            (b"fly-request-id", request_id),
        ]


def _is_compressible(headers: Headers) -> bool:
    fields = {name.lower(): value.decode("latin-1") for name, value in headers}
    return fields.get(b"content-type", "").partition(";")[0] in TEXTUAL and b"content-encoding" not in fields


def _accepted(headers: Headers) -> set[str]:
    """The codings that a request accepts."""
    value = ",".join(value.decode("latin-1") for name, value in headers if name == b"accept-encoding")
    found = set()
    for item in value.split(","):
        coding, _, weight = item.partition(";")
        if weight.replace(" ", "") not in {"q=0", "q=0.0"}:
            found.add(coding.strip().lower())
    return found
