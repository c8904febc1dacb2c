from __future__ import annotations

import socket
import threading

import pytest

from pytest_gaia_parity.errors import EXIT_UNREACHABLE, UnreachableError
from pytest_gaia_parity.network.direct import DirectNetwork
from pytest_gaia_parity.network.route import Endpoint
from pytest_gaia_parity.network.shared import SharedProxies

AUTH = "gaia-auth-dev.internal"


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port: int = gone.getsockname()[1]
    return port


def shared(port: int, *, restart: float = 15.0) -> SharedProxies:
    return SharedProxies([(AUTH, 8000, port)], target="dev", own=DirectNetwork("own"), restart=restart)


def test_a_name_leads_to_the_port_that_another_process_keeps() -> None:
    route = shared(40001).route(AUTH, 8000)
    assert route.via == "fly-proxy"
    assert set(route.endpoints) == {Endpoint("127.0.0.1", 40001)}


@pytest.mark.parametrize(("host", "port"), [(AUTH, 9000), ("gaia-chat-dev.internal", 8000)])
def test_a_name_and_port_that_nobody_keeps_gets_a_way_of_its_own(host: str, port: int) -> None:
    assert shared(40001).route(host, port).via == "own"


def test_a_proxy_that_is_being_started_again_is_awaited() -> None:
    port = closed_port()
    here = shared(port)
    waiting = threading.Thread(target=here.failed, args=(AUTH, 8000))
    waiting.start()
    with socket.create_server(("127.0.0.1", port)):
        waiting.join()
    assert here.route(AUTH, 8000).endpoints


def test_a_proxy_that_does_not_come_back_is_said_so_and_not_awaited_again() -> None:
    here = shared(closed_port(), restart=0.0)
    here.failed(AUTH, 8000)
    with pytest.raises(UnreachableError, match=f"fly proxy to {AUTH}:8000 ended, and did not come back") as seen:
        here.route(AUTH, 8000)
    assert "fly doctor" in seen.value.hint
    assert seen.value.exit_code == EXIT_UNREACHABLE
