"""Our transport does what `httpx.HTTPTransport` does, only faster: the same requests, responses, errors, connections."""

from __future__ import annotations

import itertools
import select
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trustme
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_gaia_parity.clients import connection
from pytest_gaia_parity.clients.http11 import Http11Transport
from tests.unit.clients.peer import Peer, Script

if TYPE_CHECKING:
    from collections.abc import Iterator

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
_CHUNKS_END = "peer closed connection without sending complete message body (incomplete chunked read)"


def no_context() -> ssl.SSLContext:
    pytest.fail("an SSL context is made, and nobody needs one")


def bare_context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # a default one reads all certificates, for each transport


@pytest.fixture
def peer() -> Iterator[Peer]:
    one = Peer(Script([OK]))
    yield one
    one.close()


@pytest.fixture(scope="module")
def shared_peer() -> Iterator[Peer]:
    """For many examples: each sets its own script."""
    one = Peer(Script([OK]))
    yield one
    one.close()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(transport=Http11Transport(no_context), trust_env=False, timeout=5) as one:
        yield one


# what is sent


def sent_by(transport: httpx.BaseTransport, peer: Peer, method: str, **content: Any) -> bytes:
    with httpx.Client(transport=transport, trust_env=False) as client:
        assert client.request(method, f"{peer.url}/a/b?c=%20", **content).status_code == 200
    return peer.connections[-1][-1]


@pytest.mark.parametrize(
    ("method", "content"),
    [
        ("GET", {}),
        ("DELETE", {}),
        ("POST", {}),
        ("POST", {"json": {"a": "ä"}}),
        ("PUT", {"content": b"x" * 200_000}),
        ("POST", {"data": {"a": "1", "b": "2"}}),
        ("PATCH", {"content": b"", "headers": {"content-type": "text/plain"}}),
        ("GET", {"headers": {"x-empty": "", "X-Case": "Kept", "cookie": "a=b"}}),
        ("GET", {"headers": [("x-twice", "1"), ("x-twice", "2")]}),
        ("POST", {"files": {"f": ("a.txt", b"hello")}, "headers": {"content-type": "multipart/form-data; boundary=b"}}),
        ("POST", {"content": b"chunks", "headers": {"transfer-encoding": "chunked"}}),
        ("REPORT", {"content": "text"}),
    ],
)
def test_requests_are_sent_byte_by_byte_as_httpx_sends_them(peer: Peer, method: str, content: dict[str, Any]) -> None:
    ours = sent_by(Http11Transport(no_context), peer, method, **content)
    assert ours == sent_by(httpx.HTTPTransport(verify=bare_context()), peer, method, **content)


def test_a_streamed_body_is_sent_in_chunks(client: httpx.Client, peer: Peer) -> None:
    client.post(peer.url, content=iter([b"one", b"", b"three"]))
    assert peer.connections[0][0].endswith(b"\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("parts", "said"), [([b"12"], "Too little data for"), ([b"12", b"3456"], "Too much data for")], ids=["less", "more"]
)
def test_a_streamed_body_of_another_length_than_was_said(
    client: httpx.Client, peer: Peer, parts: list[bytes], said: str
) -> None:
    with pytest.raises(httpx.LocalProtocolError, match=f"{said} declared Content-Length"):
        client.post(peer.url, content=iter(parts), headers={"content-length": "4"})
    assert client.get(peer.url).text == "ok"  # over another connection
    assert len(peer.connections) == 2


@pytest.mark.parametrize(
    "headers",
    [{"x": "a\r\nb: c"}, {"x": " a"}, {"bad name": "a"}, {"content-length": "-1"}, [("host", "a"), ("host", "b")]],
    ids=["line ends", "space", "name", "length", "two hosts"],
)
def test_a_malformed_request_fails_as_it_does_in_httpx(peer: Peer, headers: object) -> None:
    outcomes = []
    for transport in (Http11Transport(bare_context), httpx.HTTPTransport(verify=bare_context())):
        with httpx.Client(transport=transport, trust_env=False) as client:
            try:
                outcomes.append(client.get(peer.url, headers=headers).text)  # type: ignore[arg-type]
            except httpx.LocalProtocolError as error:
                outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


# what comes


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
        for part in response.stream:  # type: ignore[union-attr]
            body += part
    except httpx.TransportError as error:
        # the one place where words differ: chunks that end within the last line
        said = str(error).replace(_CHUNKS_END, "peer unexpectedly closed connection")
        return head, body, type(error).__name__, said
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


def test_a_line_before_the_answer_is_refused_as_httpx_refuses_it(shared_peer: Peer) -> None:
    # in one piece: h11's words depend on the pieces
    shared_peer.script = Script([b"\r\n" + OK], closes=True)
    assert assert_alike(shared_peer) == ("RemoteProtocolError", "no response line received")


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
        parts = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts if part] + [b"0\r\n\r\n"]
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


# connections


def test_a_connection_is_kept(client: httpx.Client, peer: Peer) -> None:
    for answer in (
        OK,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        OK,
    ):
        peer.script = Script([answer])
        assert client.get(peer.url).text in {"ok", ""}
    peer.script = Script([b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"])
    assert not client.head(peer.url).content
    peer.script = Script([OK])
    assert client.get(peer.url).text == "ok"
    assert [len(requests) for requests in peer.connections] == [6]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        OK + b"and more",
        OK + OK,
        OK + b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
    ],
    ids=["it says so", "1.0", "more than was said", "one too many", "an empty one too many", "irregular"],
)
def test_a_connection_is_not_kept(client: httpx.Client, peer: Peer, answer: bytes) -> None:
    peer.script = Script([answer])
    for _ in range(2):
        assert client.get(peer.url).text == "ok"
    assert len(peer.connections) == 2


def test_a_connection_that_is_to_be_closed_is_not_kept(client: httpx.Client, peer: Peer) -> None:
    for _ in range(2):
        assert client.get(peer.url, headers={"connection": "close"}).text == "ok"
    assert len(peer.connections) == 2


def test_a_connection_that_the_service_has_closed_is_not_used(client: httpx.Client, peer: Peer) -> None:
    stream = client.get(peer.url).extensions["network_stream"]
    peer.hang_up()
    select.select([stream.get_extra_info("socket")], [], [], 5)
    assert client.get(peer.url).text == "ok"
    assert len(peer.connections) == 2


def test_an_idle_connection_grows_old(client: httpx.Client, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get(peer.url)
    monkeypatch.setattr(connection, "KEEPALIVE_EXPIRY", 0.0)
    for _ in range(2):
        client.get(peer.url)
    assert len(peer.connections) == 3


def test_a_response_that_was_not_read_to_its_end_takes_its_connection_with_it(client: httpx.Client, peer: Peer) -> None:
    peer.script = Script([b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"])
    with client.stream("GET", peer.url) as response:
        assert next(response.iter_raw()) == b"ok"
    peer.script = Script([OK])
    assert client.get(peer.url).text == "ok"
    assert len(peer.connections) == 2


def test_what_has_come_can_be_read_before_the_rest(client: httpx.Client, peer: Peer) -> None:
    peer.script = Script([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n"])
    with client.stream("GET", peer.url) as response:
        parts = response.iter_raw()
        assert next(parts) == b"one"


def test_threads_take_connections_of_their_own(client: httpx.Client, peer: Peer) -> None:
    barrier = threading.Barrier(8)
    seen: list[str] = []

    def work() -> None:
        barrier.wait()
        seen.extend(client.get(peer.url).text for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert seen == ["ok"] * 160
    assert 1 <= len(peer.connections) <= 8


# TLS


def test_tls() -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert("gateway.test").configure_cert(server)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(ours)
    peer = Peer(Script([OK]), context=server)
    with httpx.Client(transport=Http11Transport(lambda: ours), trust_env=False) as client:
        # as a route sends it: to an address, under a name
        routed = {"sni_hostname": "gateway.test"}
        response = client.get(peer.url, extensions=routed)
        assert response.text == client.get(peer.url, extensions=routed).text == "ok"
        tls = response.extensions["network_stream"].get_extra_info("ssl_object")
        assert tls.selected_alpn_protocol() == "http/1.1"
        assert len(peer.connections) == 1
        with pytest.raises(httpx.ConnectError, match="certificate is not valid for"):
            Http11Transport(lambda: ours).handle_request(client.build_request("GET", peer.url))
    peer.close()


# errors


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (Script([], closes=True, deaf=True), httpx.RemoteProtocolError),
        (Script([]), httpx.ReadTimeout),
        (Script([b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"]), httpx.ReadTimeout),
    ],
    ids=["deaf", "silent", "half"],
)
def test_errors_are_those_of_httpx(peer: Peer, script: Script, expected: type[Exception]) -> None:
    peer.script = script
    for transport in (Http11Transport(no_context), httpx.HTTPTransport(verify=bare_context())):
        with (
            httpx.Client(transport=transport, trust_env=False, timeout=0.1) as client,
            pytest.raises(expected) as caught,
        ):
            client.get(peer.url)
        assert isinstance(caught.value, httpx.TransportError)
        assert caught.value.request.url == peer.url


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no-such-name.invalid/", "ftp://127.0.0.1/", "http:///"])
def test_who_cannot_be_reached(url: str) -> None:
    told = []
    for transport in (Http11Transport(bare_context), httpx.HTTPTransport(verify=bare_context())):
        with httpx.Client(transport=transport, trust_env=False) as client:
            with pytest.raises(httpx.TransportError) as caught:
                client.get(url)
            told.append((type(caught.value), str(caught.value)))
    assert told[0] == told[1]


def test_who_takes_nothing_in_time() -> None:
    told = []
    with socket.create_server(("127.0.0.1", 0)) as nobody:  # connections wait in its queue, and nobody reads
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        for transport in (Http11Transport(no_context), httpx.HTTPTransport(verify=bare_context())):
            with httpx.Client(transport=transport, trust_env=False, timeout=httpx.Timeout(5, write=0.1)) as client:
                with pytest.raises(httpx.WriteTimeout) as caught:
                    client.post(url, content=b"x" * 20_000_000)
                told.append(str(caught.value))
    assert told == ["timed out"] * 2


def test_an_early_answer_to_a_large_body_is_read(client: httpx.Client, peer: Peer) -> None:
    peer.script = Script([b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"], closes=True, deaf=True)
    assert client.post(peer.url, content=b"x" * 5_000_000).status_code == 413


def test_an_early_answer_is_read_though_the_connection_breaks(peer: Peer) -> None:
    peer.script = Script([b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"], deaf=True, breaks=True)
    for transport in (httpx.HTTPTransport(verify=bare_context()), Http11Transport(no_context)):
        with httpx.Client(transport=transport, trust_env=False) as one:
            assert one.post(peer.url, content=b"x" * 20_000_000).status_code == 413
