from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from pytest_gaia_parity.clients.families import families


@pytest.fixture
def port() -> int:
    """A port that was free on both loopback addresses a moment ago."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        free: int = server.getsockname()[1]
    return free


@pytest.mark.parametrize(
    ("listening", "seen"),
    [
        (["127.0.0.1"], {"IPv6": "refused", "IPv4": "open"}),
        (["::1"], {"IPv6": "open", "IPv4": "refused"}),
        ([], {"IPv6": "refused", "IPv4": "refused"}),
        (["127.0.0.1", "::1"], {"IPv6": "open", "IPv4": "open"}),
    ],
)
def test_each_family_is_asked_on_the_same_port(listening: list[str], seen: dict[str, str], port: int) -> None:
    with ExitStack() as servers:
        for address in listening:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            servers.enter_context(socket.create_server((address, port), family=family))
        assert families("no.such.name.invalid", "::1", port) == seen


def test_a_names_other_addresses_are_asked_too(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        assert families("localhost", "127.0.0.2", port)["IPv4"] == "open"
