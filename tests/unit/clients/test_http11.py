"""Our transport does what `httpx.HTTPTransport` does, only faster: the same requests, responses, errors, connections."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trustme

from pytest_gaia_parity.clients import connection
from pytest_gaia_parity.clients.http11 import Http11Transport
from tests.unit.clients.peer import OK, Peer, Script, bare_context, no_context

if TYPE_CHECKING:
    from collections.abc import Iterator


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
def test_a_malformed_request_fails_as_it_does_in_httpx(peer: Peer, headers: Any) -> None:
    outcomes = []
    for transport in (Http11Transport(bare_context), httpx.HTTPTransport(verify=bare_context())):
        with httpx.Client(transport=transport, trust_env=False) as client:
            try:
                outcomes.append(client.get(peer.url, headers=headers).text)
            except httpx.LocalProtocolError as error:
                outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


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
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + OK,
        OK + b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=[
        "it says so",
        "1.0",
        "more than was said",
        "one too many",
        "one too many behind chunks",
        "an empty one too many",
    ],
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
