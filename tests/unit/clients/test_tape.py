"""What a tape keeps, in which order."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.clients.factory import Clients
from pytest_gaia_parity.clients.tape import Recorder, Tape
from pytest_gaia_parity.clients.transport import WriteGuard
from pytest_gaia_parity.errors import ConfigError
from pytest_gaia_parity.network.direct import DirectNetwork
from tests.servers import Reply, start_server

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler


def test_exchanges_are_kept_in_the_order_in_which_they_begin() -> None:
    slow_came, fast_ended = threading.Event(), threading.Event()

    def slow(_: BaseHTTPRequestHandler) -> Reply:
        slow_came.set()
        fast_ended.wait(10)
        return Reply({})

    server, running = start_server({"/slow": slow, "/fast": {}})
    recorder, tape = Recorder(), Tape()
    recorder.use(tape)
    guard = WriteGuard(target="dev", read_only=False)
    urls = {"api": server.url}
    clients = Clients(
        target="dev", urls=urls, network=DirectNetwork(), recorder=recorder, run_id="r", timeout=10, guard=guard
    )
    thread = threading.Thread(target=clients.api.get, args=("/slow",))
    thread.start()
    assert slow_came.wait(10)
    clients.api.get("/fast")
    assert [one.request.url.rpartition("/")[2] for one in tape.exchanges] == ["fast"]  # the other is under way
    fast_ended.set()
    thread.join()
    assert [one.request.url.rpartition("/")[2] for one in tape.exchanges] == ["slow", "fast"]
    clients.close()
    running.shutdown()
    running.server_close()


def test_a_name_is_observed_once() -> None:
    tape = Tape()
    tape.observe("rows", 1)
    with pytest.raises(ConfigError, match="'rows' was observed before"):
        tape.observe("rows", 2)
