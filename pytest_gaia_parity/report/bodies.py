"""Large bodies in recordings: stored once by content, compressed, on a line of their own before the first that refers to it."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from pytest_gaia_parity.model.recording import BodyLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_gaia_parity.model.exchange import Body, Exchange
    from pytest_gaia_parity.model.recording import TestRecord

#: bytes up to which a body stands where it was seen
INLINE: Final = 4096


def without_large(record: TestRecord, store: Callable[[str, Body], None]) -> TestRecord:
    """The record with references in place of large bodies; *store* is given each with its digest."""

    def stub(body: Body) -> Body:
        if body.size <= INLINE and len(body.text or body.data or b"") <= INLINE:
            return body
        content = body.content
        if len(content) <= INLINE:
            return body
        # the same bytes may be text here and bytes there, as where only the beginning of a body was kept
        kind = "data" if body.text is None else "text"
        digest = f"{kind}:{hashlib.sha256(content, usedforsecurity=False).hexdigest()}"
        store(digest, body)
        return msgspec.structs.replace(body, text=None, data=None, stored=digest)

    return _replaced(record, stub)


def with_large(record: TestRecord, load: Callable[[str], BodyLine]) -> TestRecord:
    """The record as it was, with *load* to find the line of a digest."""

    def whole(body: Body) -> Body:
        if not body.stored:
            return body
        line = load(body.stored)
        content = zlib.decompress(line.data)
        if body.stored.startswith("text:"):
            return msgspec.structs.replace(body, text=content.decode("utf-8", "surrogatepass"), stored="")
        return msgspec.structs.replace(body, data=content, stored="")

    return _replaced(record, whole)


def body_line(digest: str, body: Body) -> BodyLine:
    """The line that holds a body."""
    # the fastest level: a body is read back within the run
    return BodyLine(digest=digest, data=zlib.compress(body.content, 1))


def _replaced(record: TestRecord, change: Callable[[Body], Body]) -> TestRecord:
    exchanges = tuple(_exchange(exchange, change) for exchange in record.exchanges)
    if all(new is old for new, old in zip(exchanges, record.exchanges, strict=True)):
        return record
    return msgspec.structs.replace(record, exchanges=exchanges)


def _exchange(exchange: Exchange, change: Callable[[Body], Body]) -> Exchange:
    request, response = exchange.request, exchange.response
    sent = change(request.body)
    received = None if response is None else change(response.body)
    if sent is request.body and (response is None or received is response.body):
        return exchange
    return msgspec.structs.replace(
        exchange,
        request=msgspec.structs.replace(request, body=sent),
        response=None if response is None else msgspec.structs.replace(response, body=received),
    )
