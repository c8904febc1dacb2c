from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from pytest_gaia_parity.clients.explain import explain
from pytest_gaia_parity.clients.probe import ProbeTarget, probe
from pytest_gaia_parity.errors import UnreachableError
from pytest_gaia_parity.network.direct import DirectNetwork
from pytest_gaia_parity.network.route import Endpoint, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_gaia_parity.model.recording import ServiceFacts
    from pytest_gaia_parity.network.route import Network
    from tests.servers import Routes, Server


class Table(DirectNetwork):
    """Routes names as a table says; None is a name that leads nowhere."""

    def __init__(self, table: Mapping[str, Endpoint | None]) -> None:
        super().__init__()
        self._table = table

    def route(self, host: str, port: int) -> Route:  # noqa: ARG002 - each name has one port
        found = self._table[host]
        if found is None:
            raise UnreachableError(f"'{host}' leads nowhere", hint="look it up")
        return Route("table", (found,))


class Stuck(DirectNetwork):
    """A resolver that never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def route(self, host: str, port: int) -> Route:
        if host == "stuck":
            self.released.wait()
        return super().route(host, port)


@contextmanager
def silent() -> Iterator[int]:
    """A port that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def closing() -> Iterator[int]:
    """A port that accepts, and closes the connection at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def close_one() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=close_one, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def ask(url: str, network: Network | None = None, *, timeout: float = 5.0) -> ServiceFacts:
    found = probe(target="dev", services={"api": ProbeTarget(url)}, network=network or DirectNetwork(), timeout=timeout)
    return found["api"]


def test_what_health_tells_is_kept(serve: Callable[[Routes], Server]) -> None:
    server = serve({"/health": {"status": "ok", "version": "1.4.0", "image": "gaia/api:9"}})
    seen = ask(server.url)
    assert (seen.failure, seen.health, seen.version, seen.image) == ("", 200, "1.4.0", "gaia/api:9")
    assert (seen.family, seen.clock_offset) == ("IPv4", 0.0)


def test_half_of_the_services_being_up_is_told_of_each(serve: Callable[[Routes], Server]) -> None:
    up = int(serve({}).url.rpartition(":")[2])
    network = Table({"api": Endpoint("127.0.0.1", up), "db": Endpoint("127.0.0.1", free_port()), "gone": None})
    services = {name: ProbeTarget(f"http://{name}:8000") for name in ("api", "db", "gone")}
    seen = probe(target="dev", services=services, network=network, timeout=5.0)
    assert seen["api"].failure == ""
    assert seen["db"].failure.startswith("connection refused")
    assert (seen["gone"].failure, seen["gone"].details["hint"]) == ("'gone' leads nowhere", "look it up")


def test_a_port_that_answers_on_the_other_family_only_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        seen = ask("http://api:8000", Table({"api": Endpoint("::1", port)}))
    assert seen.failure == "connection refused over IPv6, while IPv4 answers on the same port"
    assert seen.details["families"] == {"IPv6": "refused", "IPv4": "open"}
    assert seen.details["refused"] == "::1"


def test_what_no_family_answers_is_refused() -> None:
    seen = ask(f"http://127.0.0.1:{free_port()}")
    assert seen.failure.startswith("connection refused: ")
    assert seen.details["families"]["IPv4"] == "refused"


def test_a_port_that_stays_silent_is_not_refused() -> None:
    with silent() as port:
        seen = ask(f"http://127.0.0.1:{port}", timeout=0.2)
    assert seen.failure == "connected, and no answer within 0.2 s"
    assert seen.details["reason"] == "timed-out"


def test_a_connection_that_is_closed_is_neither() -> None:
    with closing() as port:
        seen = ask(f"http://127.0.0.1:{port}")
    assert seen.failure.startswith("connected, and the connection was closed without an answer")


def test_all_services_are_asked_at_once(serve: Callable[[Routes], Server]) -> None:
    """Each answers only when all have been asked, so one that hangs costs the others nothing."""
    everybody = threading.Barrier(20)

    def health(_: object) -> dict[str, str]:
        everybody.wait(timeout=4)
        return {"status": "ok"}

    services = {f"s{number}": ProbeTarget(serve({"/health": health}).url) for number in range(20)}
    seen = probe(target="dev", services=services, network=DirectNetwork(), timeout=5.0)
    assert {facts.health for facts in seen.values()} == {200}


def test_a_name_server_that_hangs_is_left_behind(serve: Callable[[Routes], Server]) -> None:
    network = Stuck()
    services = {"stuck": ProbeTarget("http://stuck:8000"), "up": ProbeTarget(serve({}).url)}
    try:
        seen = probe(target="dev", services=services, network=network, timeout=0.1)
    finally:
        network.released.set()
    assert seen["stuck"].failure == "no answer within 0.1 s in all"
    assert seen["up"].health == 200


def test_a_clock_that_is_off_is_told(serve: Callable[[Routes], Server]) -> None:
    server = serve({})
    with socket.create_server(("127.0.0.1", 0)) as late:

        def answer() -> None:
            connection, _ = late.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\ndate: Mon, 01 Jan 2024 00:00:00 GMT\r\ncontent-length: 0\r\n\r\n"
                )

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        behind = ask(f"http://127.0.0.1:{late.getsockname()[1]}").clock_offset
        thread.join()
    assert ask(server.url).clock_offset == 0.0
    assert behind is not None
    assert behind < -86_400


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/%zz", "ftp://api"])
def test_a_url_that_cannot_be_asked_hides_no_other(url: str, serve: Callable[[Routes], Server]) -> None:
    services = {"odd": ProbeTarget(url), "up": ProbeTarget(serve({}).url)}
    seen = probe(target="dev", services=services, network=DirectNetwork(), timeout=1.0)
    assert seen["up"].health == 200
    assert seen["odd"].failure


def test_tls_to_a_port_without_it_is_explained(serve: Callable[[Routes], Server]) -> None:
    seen = ask(serve({}).url.replace("http:", "https:"))
    assert seen.failure.startswith("TLS was spoken to a port that does not speak it")
    assert "http://" in seen.details["hint"]


@pytest.mark.parametrize(
    ("error", "says", "hint"),
    [
        (httpx.ConnectTimeout("timed out"), "no connection within 5 s", "wg show"),
        (httpx.ConnectError("[Errno -2] Name or service not known"), "the name is not known", "url"),
        (httpx.ConnectError("[Errno 101] Network is unreachable"), "there is no way to this address family", "WireGuard"),
        (httpx.ConnectError("[Errno 113] No route to host"), "the host does not exist", "machine is gone"),
        (httpx.ConnectError(f"{ssl.SSLCertVerificationError.__name__}: certificate verify failed"), "its TLS", "http"),
        (httpx.ReadError("[Errno 104] Connection reset by peer"), "connected, and the connection was closed", "log"),
        (httpx.UnsupportedProtocol("no adapter"), "UnsupportedProtocol: no adapter", "url"),
    ],
)  # fmt: skip
def test_each_failure_has_words_and_a_next_step(error: httpx.TransportError, says: str, hint: str) -> None:
    meaning, told = explain(error, 5.0)
    assert meaning.startswith(says)
    assert hint in told
