"""Both sides are well: parity, from wherever one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docker import stacks

if TYPE_CHECKING:
    from tests.docker.world import World


def test_equal_stacks_are_on_par_from_inside_the_networks(world: World) -> None:
    ran = world.from_inside("--parity", "dev")
    assert ran.code == 0, ran.output
    summary = ran.results["summary"]
    assert summary["match"] > 70
    assert sum(summary.values()) == summary["match"]


def test_equal_stacks_are_on_par_from_the_host(world: World) -> None:
    """As on a laptop: Compose services by the labels of containers, Fly's names by 6PN's DNS."""
    ran = world.from_host("--parity", "dev")
    assert ran.code == 0, ran.output
    assert ran.results["summary"]["match"] > 70
    baseline, candidate = (ran.results[side]["services"] for side in ("baseline", "candidate"))
    assert baseline["gateway"]["route"] == "published-port"
    assert baseline["gateway"]["address"] == f"127.0.0.1:{stacks.PUBLISHED}"
    assert baseline["asset"]["route"] == "container-address"
    assert baseline["asset"]["image"].startswith(stacks.IMAGE)
    assert candidate["asset"]["family"] == "IPv6"


def test_a_dns_server_by_address_needs_no_tunnel_in_the_resolver(world: World) -> None:
    with world.configured('app = "gaia-{service}-dev"\n', f'app = "gaia-{{service}}-dev"\ndns = "{stacks.DNS}"\n'):
        ran = world.from_host("--parity", "dev", "parity_tests/test_health.py", resolver="127.0.0.53")
    assert ran.code == 0, ran.output
    assert ran.results["candidate"]["services"]["asset"]["address"] == "[fdaa:0:1::12]:8000"


def test_workers_inside_the_networks_come_to_the_same_verdicts(world: World) -> None:
    ran = world.from_inside("--parity", "dev", "-n", "2", "parity_tests/test_health.py")
    assert ran.code == 0, ran.output
    assert ran.results["summary"]["match"] == 10


def test_reports_tell_real_addresses_of_both_networks(world: World) -> None:
    ran = world.from_inside("--parity", "dev", "-k", "test_service_is_healthy")
    assert ran.code == 0, ran.output
    services = {side: ran.results[side]["services"]["asset"] for side in ("baseline", "candidate")}
    assert services["candidate"]["address"] == "[fdaa:0:1::12]:8000"
    assert services["baseline"]["address"] == f"{world.address('asset')}:8000"
    assert services["baseline"]["route"] == "docker-dns"


def test_nginx_compresses_with_brotli(world: World) -> None:
    """The two sides must really differ here, or equality would prove little."""
    ran = world.from_inside("--parity", "dev", "-k", "test_asset_made_through_the_gateway")
    assert ran.code == 0, ran.output
    found = [one for comparison in ran.results["comparisons"] for one in comparison["differences"]]
    assert ("identity", "br") in {(one["baseline"], one["candidate"]) for one in found if one["severity"] == "note"}
