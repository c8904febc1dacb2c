"""What one test sent and saw: requests, responses, timings, observations."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order sent, repeated ones kept, names as they came."""


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A body after content-decoding, as text where it is valid UTF-8, else as bytes.

    Exactly one of *text* and *data* is set, unless the body is empty. Where decoding failed the bytes are those of the wire.
    In a file both are absent where the body has a line of its own, named by *stored*.
    """

    text: str | None = None
    data: bytes | None = None
    #: bytes after content-decoding
    size: int = 0
    #: bytes before content-decoding; equal to *size* where there is no content-encoding
    wire_size: int = 0
    #: sha256 of the whole decoded body, only set when *truncated*
    digest: str = ""
    #: the body is larger than the limit: only its beginning is kept
    truncated: bool = False
    #: the stream was closed by the test before its end
    partial: bool = False
    #: in a file: digest of the line that holds the content
    stored: str = ""
    #: why the content-encoding could not be undone, empty where it could
    decode_error: str = ""

    @property
    def content(self) -> bytes:
        """The bytes that are kept."""
        if self.text is not None:
            return self.text.encode("utf-8", "surrogatepass")
        return self.data or b""


class Connection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a request really went."""

    #: `127.0.0.1:8000` or `[fdaa::3]:8000`, empty where nothing was connected
    address: str = ""
    #: `IPv4` or `IPv6`
    family: str = ""
    #: how the name became an address: `direct`, `docker-dns`, `published-port`, `fly-proxy`, `lab`, …
    route: str = ""
    #: seconds that name resolution took
    resolve: float | None = None
    reused: bool = False


class Timings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a request began, and its seconds until connected, first byte, end; None where unknown."""

    #: seconds since 1970
    started: float = 0.0
    connect: float | None = None
    first_byte: float | None = None
    total: float | None = None


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request as it was sent; the URL is the one services use, not the routed one."""

    method: str
    url: str
    headers: Headers = ()
    body: Body = Body()


class Response(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A response as it arrived."""

    status: int
    reason: str = ""
    http_version: str = "HTTP/1.1"
    headers: Headers = ()
    body: Body = Body()


class Reason(enum.StrEnum):
    """Why a request got no answer."""

    NAME_NOT_FOUND = "name-not-found"
    REFUSED = "refused"
    TIMED_OUT = "timed-out"


#: what resolvers of Linux and macOS say
_NAME_NOT_FOUND = (
    "name or service not known",
    "name resolution",
    "no address associated",
    "nodename nor servname",
    "name does not resolve",
)


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request that raised instead of answering."""

    #: class name of the exception, `ConnectError`
    type: str
    message: str = ""

    @property
    def reason(self) -> Reason | None:
        """Why nothing was connected or answered, where type or message say so."""
        said = self.message.lower()
        if self.type.endswith("Timeout"):
            return Reason.TIMED_OUT
        if "refused" in said:
            return Reason.REFUSED
        if self.type == "NameNotFoundError" or any(phrase in said for phrase in _NAME_NOT_FOUND):
            return Reason.NAME_NOT_FOUND
        return None


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request with its response or failure. A redirect is an exchange of its own."""

    #: the service's name, or the authority of the URL where it belongs to none
    service: str
    request: Request
    response: Response | None = None
    failure: Failure | None = None
    connection: Connection = Connection()
    timings: Timings = Timings()
    #: the `traceparent` that was sent
    trace: str = ""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a test gave to `parity.observe(name, value)`: plain JSON data."""

    name: str
    value: Any
