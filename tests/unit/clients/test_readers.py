"""A response is understood as `httpx.HTTPTransport` understands it: whatever a service sends, in whatever pieces."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_gaia_parity.clients.http11 import Http11Transport
from pytest_gaia_parity.clients.readers import IrregularError, Llhttp
from tests.unit.clients.peer import OK, Peer, Script, bare_context, no_context

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared_peer() -> Iterator[Peer]:
    """For many examples: each sets its own script."""
    one = Peer(Script([OK]))
    yield one
    one.close()


def outcome_of(transport: httpx.BaseTransport, url: str, method: str) -> object:
    """All that a test could see: the response, or the exception, or a response whose body breaks off."""
    request = httpx.Request(method, url, headers={"host": "a"}, extensions={"timeout": {"read": 5.0, "connect": 5.0}})
    try:
        response = transport.handle_request(request)
    except httpx.TransportError as error:
        return type(error).__name__, str(error)
    head = (
        response.status_code,
        response.extensions["reason_phrase"],
        response.extensions["http_version"],
        response.headers.raw,
    )
    body = b""
    try:
        assert isinstance(response.stream, httpx.SyncByteStream)
        for part in response.stream:
            body += part
    except httpx.TransportError as error:
        return head, body, type(error).__name__, str(error)
    finally:
        response.close()
    return head, body


def assert_alike(peer: Peer, method: str = "GET") -> object:
    ours, theirs = (Http11Transport(no_context), httpx.HTTPTransport(verify=bare_context()))
    try:
        expected = outcome_of(theirs, peer.url, method)
        assert outcome_of(ours, peer.url, method) == expected
        return expected
    finally:
        ours.close()
        theirs.close()


#: what services answer, regular and not
ANSWERS = [
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n",
    b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 999 Odd \xe4\r\ncontent-length: 1\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nX-Empty:\r\nx-next: 1\r\nX-Empty-Too: \r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nx: \xc3\xa4 \t b\t \r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\nx: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n" + OK,
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nx-trailer: 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\ncontent-length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nok",
    b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
    b"HTTP/1.1 200 OK\r\nx: a\r\n  folded\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nname : space\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nx: a\x00b\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nx: a\x01b\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 20 OK\r\n\r\n",
    b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.7 200 OK\r\ncontent-length: 0\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x15\x03\x01\x00\x02\x02\x16",
    b"<html>Bad Request</html>",
    b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nupgrade: h2c\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhe",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-le",
    b"HTTP/1.1 200 OK\r\nx: " + b"a" * 300_000 + b"\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"".join(b"x-%d: 1\r\n" % n for n in range(300)) + b"content-length: 0\r\n\r\n",
    b"",
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_understood_as_httpx_understands_it(shared_peer: Peer, answer: bytes, method: str) -> None:
    shared_peer.script = Script([answer], closes=True)
    assert_alike(shared_peer, method)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("answer", [answer for answer in ANSWERS if len(answer) < 10_000])
def test_so_is_one_that_comes_byte_by_byte(shared_peer: Peer, answer: bytes, method: str) -> None:
    shared_peer.script = Script([answer[n : n + 1] for n in range(len(answer))], closes=True)
    assert_alike(shared_peer, method)


#: how services write chunks, and how they should not
CHUNKS = [
    b"5 \r\nhello\r\n0 \r\n\r\n",
    b"5  \t\r\nhello\r\n0\r\n\r\n",
    b"5; a=b\r\nhello\r\n0;x\r\n\r\n",
    b'5;a="x y"\r\nhello\r\n0\r\n\r\n',
    b"5;a b\r\nhello\r\n000\r\n\r\n",
    b"5 ;a=b\r\nhello\r\n0\r\n\r\n",
    b"5;\xff\x01\r\nhello\r\n0\r\n\r\n",
    b"005\r\nhello\r\n0\r\nx: y\r\nz: 1\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"5\r\nhelloXX0\r\n\r\n",
    b"5\r\nhello\r\n0\r\nbad trailer\r\n\r\n",
    b"5\r\nhello\r\n0\r\n x: folded\r\n\r\n",
    b"5\r\nhello\r\n0\r\nx: y\n\r\n",
    b"5\r\nhello\r\n0\r\n\r",
    b"5\r\nhello\r\n",
    b"zz\r\n",
    b"\r\n5\r\nhello\r\n0\r\n\r\n",
    b"FFFFFFFFFFFFFFFFFFFFF\r\n",
]


@pytest.mark.parametrize("chunks", CHUNKS)
def test_chunks_are_understood_as_httpx_understands_them(shared_peer: Peer, chunks: bytes) -> None:
    shared_peer.script = Script([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks], closes=True)
    assert_alike(shared_peer)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\ncontent-length: 0\n\n",
        b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
    ],
)
def test_a_connection_is_kept_where_httpx_keeps_it(answer: bytes, method: str) -> None:
    body = answer.partition(b"\r\n\r\n")[2]
    pieces = [answer.removesuffix(body)] if method == "HEAD" else [answer]
    counts = []
    for transport in (Http11Transport(no_context), httpx.HTTPTransport(verify=bare_context())):
        peer = Peer(Script(pieces))
        for _ in range(3):
            outcome_of(transport, peer.url, method)
        counts.append(len(peer.connections))
        transport.close()
        peer.close()
    assert counts[0] == counts[1]


def test_a_line_before_the_answer_is_refused_as_httpx_refuses_it(shared_peer: Peer) -> None:
    # in one piece: h11's words depend on the pieces
    shared_peer.script = Script([b"\r\n" + OK], closes=True)
    assert assert_alike(shared_peer) == ("RemoteProtocolError", "no response line received")


def test_after_chunks_the_quick_parser_reads_again() -> None:
    reader = Llhttp()
    with pytest.raises(IrregularError):
        reader.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    reader.begin("GET")
    reader.feed(OK)
    assert reader.is_done
    assert reader.parts == [b"ok"]


names = st.from_regex(rb"[A-Za-z0-9-]{1,12}", fullmatch=True)
values = st.binary(max_size=20).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b""))
bodies = st.lists(st.binary(max_size=40), max_size=4)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Responses of each framing, mostly regular."""
    status = draw(st.sampled_from([b"200 OK", b"404 Not Found", b"204 ", b"304 NM", b"500", b"299 \xff odd"]))
    headers = draw(st.lists(st.tuples(names, values), max_size=5))
    parts = draw(bodies)
    framing = draw(st.sampled_from(["length", "chunked", "end"]))
    if framing == "length":
        headers.append((b"Content-Length", b"%d" % sum(map(len, parts))))
    elif framing == "chunked":
        headers.append((b"transfer-encoding", b"chunked"))
        behind = draw(st.sampled_from([b"", b" ", b";a=b", b"; a", b"\n"]))
        parts = [b"%x%s\r\n%s\r\n" % (len(part), behind, part) for part in parts if part] + [b"0\r\n\r\n"]
    head = b"".join(b"%s:%s\r\n" % one for one in draw(st.permutations(headers)))
    return b"HTTP/1.1 " + status + b"\r\n" + head + b"\r\n" + b"".join(parts)


@settings(max_examples=400, deadline=None)
@given(
    answer=answers(),
    cuts=st.lists(st.integers(0, 400), max_size=4),
    lost=st.integers(0, 20),
    method=st.sampled_from(["GET", "HEAD"]),
)
@example(answer=OK + OK, cuts=[], lost=0, method="GET")
def test_any_answer_is_understood_as_httpx_understands_it(
    shared_peer: Peer, answer: bytes, cuts: list[int], lost: int, method: str
) -> None:
    whole = answer[: len(answer) - lost] if lost < 5 else answer
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    shared_peer.script = Script([whole[a:b] for a, b in itertools.pairwise(places)], closes=True)
    assert_alike(shared_peer, method)
