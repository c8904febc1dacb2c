from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.adapters.fly import Fly
from pytest_gaia_parity.adapters.process import Runner
from pytest_gaia_parity.errors import EXIT_UNREACHABLE, RefusedError, UnreachableError
from pytest_gaia_parity.network.fly import FlyNetwork
from pytest_gaia_parity.network.instances import Instances
from pytest_gaia_parity.network.proxies import Place, Proxies
from tests.fly_world import FlyWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers import Routes, Server

AUTH = "gaia-auth-dev.internal"
GATEWAY = "gaia-gateway-dev.internal"


@pytest.fixture
def world(tmp_path: Path) -> FlyWorld:
    return FlyWorld(tmp_path / "fly")


@pytest.fixture
def proxies(world: FlyWorld) -> Iterator[Callable[..., Proxies]]:
    """Make proxies that are ended with the test."""
    made: list[Proxies] = []

    def make(*hosts: str, **limits: float) -> Proxies:
        fly = Fly(Runner(), program=world.program, env=world.env, wait=0.0)
        found = Proxies(fly=fly, target="dev", places=[Place(host, 8000) for host in hosts], **limits)
        made.append(found)
        return found

    yield make
    for one in made:
        one.close()


def listen(world: FlyWorld, app: str, server: Server) -> None:
    world.change_app(app, listens=["127.0.0.1", int(server.url.rpartition(":")[2])])


def get(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        with connection.makefile("rb") as answer:
            return answer.read()


def test_each_service_has_a_proxy_that_answers(
    world: FlyWorld, proxies: Callable[..., Proxies], serve: Callable[[Routes], Server]
) -> None:
    for app in ("gaia-auth-dev", "gaia-gateway-dev"):
        listen(world, app, serve({"/health": {"app": app}}))
    here = proxies(AUTH, GATEWAY)
    here.open()
    for host in (AUTH, GATEWAY):
        route = here.route(host, 8000)
        assert route.via == "fly-proxy"
        assert host.removesuffix(".internal").encode() in get(route.endpoints[0].port)


def test_what_was_started_is_ended(
    world: FlyWorld, proxies: Callable[..., Proxies], serve: Callable[[Routes], Server]
) -> None:
    listen(world, "gaia-auth-dev", serve({}))
    here = proxies(AUTH)
    here.open()
    port = here.route(AUTH, 8000).endpoints[0].port
    here.close()
    with pytest.raises(ConnectionRefusedError):
        get(port)


def test_a_proxy_that_ended_is_started_again_once(
    world: FlyWorld, proxies: Callable[..., Proxies], serve: Callable[[Routes], Server]
) -> None:
    listen(world, "gaia-auth-dev", serve({}))
    here = proxies(AUTH)
    here.open()
    here.close()
    assert b"200" in get(here.route(AUTH, 8000).endpoints[0].port)
    here.close()
    with pytest.raises(UnreachableError, match="fly proxy"):
        here.route(AUTH, 8000)


def test_one_service_that_is_missing_leaves_the_others_alone(
    world: FlyWorld, proxies: Callable[..., Proxies], serve: Callable[[Routes], Server]
) -> None:
    listen(world, "gaia-auth-dev", serve({}))
    here = proxies(AUTH, "gaia-gatway-dev.internal")
    here.open()
    assert here.route(AUTH, 8000).endpoints
    with pytest.raises(UnreachableError, match="host was not found in DNS") as seen:
        here.route("gaia-gatway-dev.internal", 8000)
    assert "fly machine list -a gaia-gatway-dev" in seen.value.hint


def test_a_proxy_that_nothing_answers_behind_is_said_so(world: FlyWorld, proxies: Callable[..., Proxies]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    world.change_app("gaia-auth-dev", listens=["127.0.0.1", port])
    here = proxies(AUTH, answer=0.3)
    here.open()
    with pytest.raises(UnreachableError, match="is up, and nothing answers behind it") as seen:
        here.route(AUTH, 8000)
    assert "IPv6" in seen.value.hint


def test_a_service_that_comes_up_late_is_awaited(
    world: FlyWorld, proxies: Callable[..., Proxies], serve: Callable[[Routes], Server]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        world.change_app("gaia-auth-dev", listens=["127.0.0.1", gone.getsockname()[1]])
    here = proxies(AUTH)
    opening = threading.Thread(target=here.open)
    opening.start()
    listen(world, "gaia-auth-dev", serve({}))
    opening.join()
    assert here.route(AUTH, 8000).endpoints


def test_a_proxy_that_does_not_become_ready_is_ended(world: FlyWorld, proxies: Callable[..., Proxies]) -> None:
    world.plant("hang", "proxy")
    here = proxies(AUTH, start=0.2)
    here.open()
    with pytest.raises(UnreachableError, match=r"was not ready within 0\.2 s") as seen:
        here.route(AUTH, 8000)
    assert "fly wireguard websockets enable" in seen.value.hint


def test_a_fly_that_is_not_logged_in_is_told_once(world: FlyWorld, proxies: Callable[..., Proxies]) -> None:
    world.change(token=False)
    with pytest.raises(UnreachableError, match="no access token available") as seen:
        proxies(AUTH, GATEWAY).open()
    assert "fly auth login" in seen.value.hint
    assert seen.value.exit_code == EXIT_UNREACHABLE


@pytest.mark.parametrize("region", ["ams", "148ed1.vm"])
def test_names_of_regions_and_machines_belong_to_their_app(
    world: FlyWorld, proxies: Callable[..., Proxies], serve: Callable[[Routes], Server], region: str
) -> None:
    listen(world, "gaia-auth-dev", serve({}))
    machine = world.app("gaia-auth-dev")["machines"][0]
    world.change_app("gaia-auth-dev", machines=[{**machine, "id": "148ed1", "region": "ams"}])
    here = proxies(f"{region}.{AUTH}")
    here.open()
    assert here.route(f"{region}.{AUTH}", 8000).endpoints


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_proxy_ends_when_the_run_is_killed(world: FlyWorld, serve: Callable[[Routes], Server]) -> None:
    listen(world, "gaia-auth-dev", serve({}))
    program = textwrap.dedent(
        f"""
        import sys
        from pytest_gaia_parity.adapters.fly import Fly
        from pytest_gaia_parity.adapters.process import Runner
        from pytest_gaia_parity.network.proxies import Place, Proxies
        here = Proxies(fly=Fly(Runner(), program={world.program!r}, env={world.env!r}), target="dev",
                       places=[Place({AUTH!r}, 8000)])
        here.open()
        print(here.route({AUTH!r}, 8000).endpoints[0].port, flush=True)
        sys.stdin.read()
        """
    )
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        port = int(run.stdout.readline())
        get(port)
        # kept open across the kill: it ends when the proxy does
        with socket.create_connection(("127.0.0.1", port), timeout=10) as held:
            run.kill()
            run.wait()
            assert held.recv(1) == b""


# which way


def fly_network(*hosts: str, fly: Fly | None = None) -> FlyNetwork:
    return FlyNetwork(target="dev", places=[Place(host, 8000) for host in hosts], fly=fly, env={})


def test_without_wireguard_and_without_flyctl_the_ways_in_are_told() -> None:
    with pytest.raises(UnreachableError, match=f"knows none of {AUTH}, and flyctl is not installed") as seen:
        fly_network(AUTH).open()
    assert "bring WireGuard up" in seen.value.hint
    assert seen.value.exit_code == EXIT_UNREACHABLE


def test_without_wireguard_proxies_are_started(world: FlyWorld, serve: Callable[[Routes], Server]) -> None:
    listen(world, "gaia-auth-dev", serve({}))
    here = fly_network(AUTH, fly=Fly(Runner(), program=world.program, env=world.env))
    try:
        here.open()
        assert here.route(AUTH, 8000).via == "fly-proxy"
    finally:
        here.close()


def test_a_name_that_is_not_private_is_guarded(world: FlyWorld) -> None:
    here = fly_network("127.0.0.1", "137.66.1.1", fly=Fly(Runner(), program=world.program, env=world.env))
    here.open()
    assert here.route("127.0.0.1", 8000).via == "fly-dns"
    with pytest.raises(RefusedError, match=r"public address 137\.66\.1\.1"):
        here.route("137.66.1.1", 8000)


def test_of_an_app_whose_machines_are_stopped_that_is_the_reason(world: FlyWorld) -> None:
    here = fly_network(AUTH, fly=Fly(Runner(), program=world.program, env=world.env))
    assert here.about(AUTH) == {}
    assert "reason" not in here.about(AUTH, failed=True)
    machines = [{**one, "state": "stopped"} for one in world.app("gaia-auth-dev")["machines"]]
    world.change_app("gaia-auth-dev", machines=machines)
    facts = here.about(AUTH, failed=True)
    assert facts["reason"] == "no machine of the app runs (stopped)"
    assert facts["hint"].startswith(f"fly machine start {facts['machines'][0]['id']} -a gaia-auth-dev")


def test_of_a_service_that_refuses_its_machines_tell_address_and_checks(world: FlyWorld) -> None:
    machine = {**world.app("gaia-auth-dev")["machines"][0], "id": "148ed1", "address": "fdaa:0:1::11"}
    world.change_app("gaia-auth-dev", machines=[machine, {**machine, "id": "148ed2", "check": "critical"}])
    here = fly_network(AUTH, fly=Fly(Runner(), program=world.program, env=world.env))
    rows = here.about(AUTH, failed=True)["machines"]
    assert [(row["id"], row["address"], row["checks"]) for row in rows] == [
        ("148ed1", "fdaa:0:1::11", {"health": "passing"}),
        ("148ed2", "fdaa:0:1::11", {"health": "critical"}),
    ]


def test_a_fly_that_cannot_tell_of_machines_fails_nothing(world: FlyWorld) -> None:
    world.change(token=False)
    here = fly_network(AUTH, fly=Fly(Runner(), program=world.program, env=world.env, wait=0.0))
    assert "no access token" in here.about(AUTH, failed=True)["fly"]


def test_the_machines_of_an_app_are_its_instances_and_one_that_is_stopped_is_named(world: FlyWorld) -> None:
    here = fly_network(AUTH, fly=Fly(Runner(), program=world.program, env=world.env))
    machine = world.app("gaia-auth-dev")["machines"][0]
    states = {"148ed3": "started", "148ed1": "started", "148ed2": "stopped"}
    world.change_app(
        "gaia-auth-dev", machines=[{**machine, "id": name, "state": state} for name, state in states.items()]
    )
    assert here.instances(AUTH) == Instances(
        ("148ed1.vm.gaia-auth-dev.internal", "148ed3.vm.gaia-auth-dev.internal"),
        ("machine 148ed2 of gaia-auth-dev is stopped",),
    )
