from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.errors import ConfigError, RefusedError, UnreachableError
from pytest_gaia_parity.network.name_server import NameServerNetwork
from pytest_gaia_parity.network.route import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.name_server import Zone

pytest.importorskip("dns", reason="the extra `fly` is not installed")

HOST = "gaia-auth-dev.internal"


@pytest.fixture
def zone() -> Iterator[Zone]:
    from tests.name_server import Zone, serving  # noqa: PLC0415 - needs the extra

    with serving(Zone()) as served:
        served.names[HOST] = ["fdaa:0:1::11", "fdaa:0:1::12"]
        yield served


def network(server: str, patience: float = 2.0) -> NameServerNetwork:
    made = NameServerNetwork(server=server, target="dev", patience=patience)
    made.open()
    return made


def test_ipv6_addresses_are_asked_for_and_nothing_else(zone: Zone) -> None:
    route = network(zone.server).route(HOST, 8000)
    assert route.via == "name-server"
    assert sorted(route.endpoints) == [Endpoint("fdaa:0:1::11", 8000), Endpoint("fdaa:0:1::12", 8000)]
    assert zone.asked == [(HOST, "AAAA")]


def test_an_answer_is_used_while_it_lives(zone: Zone) -> None:
    here = network(zone.server)
    assert here.route(HOST, 8000) == here.route(HOST, 8000)
    assert len(zone.asked) == 1


def test_an_answer_that_has_died_is_asked_for_again(zone: Zone) -> None:
    zone.ttl = 0
    here = network(zone.server)
    here.route(HOST, 8000)
    zone.names[HOST] = ["fdaa:0:1::99"]  # a deploy: another machine
    assert here.route(HOST, 8000).endpoints == (Endpoint("fdaa:0:1::99", 8000),)


def test_an_address_that_failed_is_asked_for_again_although_the_answer_lives(zone: Zone) -> None:
    here = network(zone.server)
    here.route(HOST, 8000)
    zone.names[HOST] = ["fdaa:0:1::99"]
    here.failed(HOST, 8000)
    assert here.route(HOST, 8000).endpoints == (Endpoint("fdaa:0:1::99", 8000),)


@pytest.mark.parametrize(
    "host", ["ams.gaia-auth-dev.internal", "148ed1.vm.gaia-auth-dev.internal", "gaia-auth.flycast"]
)
def test_names_of_regions_and_machines_are_asked_as_they_are(zone: Zone, host: str) -> None:
    zone.names[host] = ["fdaa:0:1::11"]
    assert network(zone.server).route(host, 80).endpoints == (Endpoint("fdaa:0:1::11", 80),)


def test_an_unknown_name_is_said_so(zone: Zone) -> None:
    with pytest.raises(UnreachableError, match=r"does not know the name 'gaia-aut-dev\.internal'") as seen:
        network(zone.server).route("gaia-aut-dev.internal", 8000)
    assert "fly apps list" in seen.value.hint


def test_an_app_without_a_machine_that_runs_is_said_so(zone: Zone) -> None:
    zone.names[HOST] = []
    with pytest.raises(UnreachableError, match="has no IPv6 address for") as seen:
        network(zone.server).route(HOST, 8000)
    assert "fly machine list" in seen.value.hint


def test_a_server_that_is_silent_is_not_waited_for(zone: Zone) -> None:
    zone.is_silent = True
    with pytest.raises(UnreachableError, match=r"did not answer within 0\.1 s") as seen:
        network(zone.server, patience=0.1).route(HOST, 8000)
    assert "WireGuard" in seen.value.hint


def test_a_server_that_refuses_is_said_so(zone: Zone) -> None:
    zone.refuses = True
    with pytest.raises(UnreachableError, match=r"does not answer for 'gaia-auth-dev\.internal'"):
        network(zone.server).route(HOST, 8000)


def test_a_public_address_is_refused(zone: Zone) -> None:
    zone.names[HOST] = ["2a09:8280:1::1:1"]
    with pytest.raises(RefusedError, match="is the public address 2a09:8280:1::1:1"):
        network(zone.server).route(HOST, 8000)


@pytest.mark.parametrize("server", ["dns.example", "fdaa::3::4", "127.0.0.1:port"])
def test_what_is_no_address_is_a_mistake_of_the_configuration(server: str) -> None:
    with pytest.raises(ConfigError, match="is no IP address") as seen:
        network(server)
    assert 'dns = "fdaa::3"' in seen.value.hint


@pytest.mark.parametrize("server", ["fdaa::3", "[fdaa::3]", "[fdaa::3]:5353", "10.0.0.1", "10.0.0.1:5353"])
def test_addresses_of_both_families_are_taken_with_and_without_a_port(server: str) -> None:
    network(server).close()
