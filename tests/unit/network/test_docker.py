from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.adapters.docker import Docker
from pytest_gaia_parity.errors import EXIT_UNREACHABLE, EXIT_USAGE, ConfigError, ParityError, UnreachableError
from pytest_gaia_parity.network.docker import DockerNetwork, is_inside
from pytest_gaia_parity.network.route import Endpoint, Platform
from tests.docker_engine import LABEL, Engine, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path("/srv/gaia")
HOSTS = ("gateway", "auth", "asset", "chat")
only_on_linux = pytest.mark.skipif(sys.platform != "linux", reason="container addresses are reached on Linux only")


@pytest.fixture
def engine() -> Iterator[Engine]:
    # not in tmp_path: the path of a Unix socket has 107 bytes
    with tempfile.TemporaryDirectory() as folder, serving(Engine(Path(folder) / "d.sock")) as served:
        yield served


def network(engine: Engine, *, root: Path = ROOT, project: str = "", hosts: tuple[str, ...] = HOSTS) -> DockerNetwork:
    made = DockerNetwork(docker=Docker(engine.env), target="local", root=root, hosts=hosts, project=project)
    made.open()
    return made


def test_a_published_port_is_the_first_choice(engine: Engine) -> None:
    route = network(engine).route("gateway", 8000)
    assert (route.via, route.endpoints) == ("published-port", (Endpoint("127.0.0.1", 18000),))
    assert route.resolve is not None


@only_on_linux
def test_without_a_published_port_the_container_is_connected(engine: Engine) -> None:
    route = network(engine).route("asset", 8000)
    assert (route.via, route.endpoints) == ("container-address", (Endpoint("172.18.0.2", 8000),))


def test_a_port_published_on_all_addresses_is_connected_on_loopback(engine: Engine) -> None:
    engine.row("gateway")["Ports"] = [
        {"IP": "0.0.0.0", "PrivatePort": 8000, "PublicPort": 8000, "Type": "tcp"},  # noqa: S104
        {"IP": "::", "PrivatePort": 8000, "PublicPort": 8000, "Type": "tcp"},
        {"IP": "0.0.0.0", "PrivatePort": 9000, "PublicPort": 9000, "Type": "tcp"},  # noqa: S104
        {"PrivatePort": 8000, "Type": "tcp"},
    ]
    assert network(engine).route("gateway", 8000).endpoints == (Endpoint("127.0.0.1", 8000), Endpoint("::1", 8000))


def test_a_route_is_looked_up_once_until_it_fails(engine: Engine) -> None:
    here = network(engine)
    before = here.route("gateway", 8000)
    engine.row("gateway")["Ports"][0]["PublicPort"] = 32776  # restarted: an ephemeral port is another
    assert here.route("gateway", 8000) == before
    here.failed("gateway", 8000)
    assert here.route("gateway", 8000).endpoints == (Endpoint("127.0.0.1", 32776),)
    assert engine.calls.count("/containers/json") == 2


def test_replicas_are_tried_in_the_order_of_their_numbers(engine: Engine) -> None:
    second = {**engine.row("gateway"), "Id": "second"}
    second["Labels"] = {**second["Labels"], f"{LABEL}container-number": "2"}
    second["Ports"] = [{"IP": "127.0.0.1", "PrivatePort": 8000, "PublicPort": 18001, "Type": "tcp"}]
    engine.rows.insert(0, second)
    here = network(engine)
    assert here.route("gateway", 8000).endpoints == (Endpoint("127.0.0.1", 18000), Endpoint("127.0.0.1", 18001))
    assert here.about("gateway")["replicas"] == 2


def test_a_container_of_compose_run_is_no_replica(engine: Engine) -> None:
    here = network(engine)
    assert "replicas" not in here.about("asset")


def test_an_exited_service_is_said_so_with_dockers_words(engine: Engine) -> None:
    with pytest.raises(
        UnreachableError, match=r"'chat' of Compose project 'gaia' does not run: Exited \(137\)"
    ) as seen:
        network(engine).route("chat", 8000)
    assert "docker compose -p gaia logs chat" in seen.value.hint
    assert seen.value.exit_code == EXIT_UNREACHABLE


def test_the_platform_tells_image_and_health(engine: Engine) -> None:
    engine.row("gateway")["Status"] = "Up 8 minutes (unhealthy)"
    here = network(engine)
    assert isinstance(here, Platform)
    facts = here.about("gateway")
    assert facts["container_health"] == "unhealthy"
    assert facts["image"].startswith("gaia-lab/py sha256:")
    assert here.about("chat")["container"] == "gaia_chat_1"
    assert here.about("nobody") == {}


def test_an_unknown_service_names_the_nearest(engine: Engine) -> None:
    with pytest.raises(UnreachableError, match="has no service 'gatway'; nearest is 'gateway'"):
        network(engine).route("gatway", 8000)


def test_container_names_and_aliases_are_names_too(engine: Engine) -> None:
    engine.aliases["auth"] = ["login.gaia"]
    here = network(engine)
    assert here.route("gaia_gateway_1", 8000) == here.route("gateway", 8000)._replace(
        resolve=here.route("gaia_gateway_1", 8000).resolve
    )
    assert here.route("login.gaia", 8000).endpoints == (Endpoint("127.0.0.1", 32768),)


@pytest.mark.parametrize(
    "info",
    [
        pytest.param({"OperatingSystem": "Docker Desktop"}, id="desktop"),
        pytest.param({"SecurityOptions": ["name=seccomp", "name=rootless"]}, id="rootless"),
    ],
)
def test_where_containers_cannot_be_reached_a_port_must_be_published(engine: Engine, info: dict[str, Any]) -> None:
    engine.info = info
    with pytest.raises(UnreachableError, match="'asset' publishes no port, and container addresses") as seen:
        network(engine).route("asset", 8000)
    assert 'ports: ["127.0.0.1::8000"]' in seen.value.hint


def test_an_address_is_taken_as_it_is(engine: Engine) -> None:
    here = network(engine, hosts=("127.0.0.1",))
    assert here.route("127.0.0.1", 9001).endpoints == (Endpoint("127.0.0.1", 9001),)
    assert engine.calls == []


# which project


def test_of_two_projects_the_one_of_the_folder_is_taken(engine: Engine) -> None:
    engine.copy_project("other", "/srv/other")
    engine.row("gateway", "other")["Ports"][0]["PublicPort"] = 28000
    assert network(engine).route("gateway", 8000).endpoints == (Endpoint("127.0.0.1", 18000),)
    assert network(engine, root=Path("/srv/other/tests")).route("gateway", 8000).endpoints[0].port == 28000
    assert network(engine, project="other").route("gateway", 8000).endpoints[0].port == 28000


@pytest.mark.parametrize("root", ["/srv", "/home/ada"], ids=["both-below", "neither"])
def test_where_two_projects_could_be_meant_they_are_listed(engine: Engine, root: str) -> None:
    engine.copy_project("other", "/srv/other")
    with pytest.raises(ConfigError, match=r"2 Compose projects could be meant: gaia \(/srv/gaia\), other") as seen:
        network(engine, root=Path(root))
    assert "targets.local.project" in seen.value.hint
    assert seen.value.exit_code == EXIT_USAGE


def test_the_only_project_with_the_services_is_taken_where_the_stack_is_kept_elsewhere(engine: Engine) -> None:
    assert network(engine, root=Path("/home/ada")).route("gateway", 8000).endpoints[0].port == 18000


def test_another_project_never_stands_in_for_a_stack_that_is_down(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "compose.yml").touch()
    with pytest.raises(
        UnreachableError, match=r"no Compose project of .* is up; there are: gaia \(/srv/gaia\)"
    ) as seen:
        network(engine, root=tmp_path)
    assert seen.value.hint.startswith("docker compose up -d")


def test_a_configured_project_that_is_down_is_said_so(engine: Engine) -> None:
    with pytest.raises(UnreachableError, match="project 'gaja' is not up; nearest is 'gaia'"):
        network(engine, project="gaja")


def test_a_stack_that_is_down_is_said_so(engine: Engine) -> None:
    engine.rows.clear()
    with pytest.raises(UnreachableError, match=r"no Compose project of /srv/gaia is up\n"):
        network(engine)


# Docker itself


def failure(env: dict[str, str], timeout: float = 5.0) -> ParityError:
    docker = Docker(env, timeout=timeout)
    with pytest.raises(ParityError) as seen:
        DockerNetwork(docker=docker, target="local", root=ROOT, hosts=HOSTS).open()
    return seen.value


def test_a_docker_that_is_not_installed_is_said_so(tmp_path: Path) -> None:
    error = failure({"DOCKER_HOST": f"unix://{tmp_path}/d.sock", "PATH": str(tmp_path)})
    assert "Docker is not installed" in error.message
    assert 'network = "direct"' in error.hint
    assert error.exit_code == EXIT_UNREACHABLE


def test_a_daemon_that_is_down_is_said_so(tmp_path: Path) -> None:
    program = tmp_path / "docker"
    program.touch(mode=0o755)
    error = failure({"DOCKER_HOST": f"unix://{tmp_path}/d.sock", "PATH": str(tmp_path)})
    assert "the Docker daemon does not run" in error.message
    assert "systemctl start docker" in error.hint


def test_a_socket_that_a_dead_daemon_left_behind_is_a_daemon_that_is_down() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/d.sock"
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(path)
        assert "the Docker daemon does not run" in failure({"DOCKER_HOST": f"unix://{path}"}).message


def test_a_socket_without_permission_is_said_so(engine: Engine) -> None:
    engine.path.chmod(0)
    was = os.geteuid()
    if was == 0:  # permissions mean nothing to root
        os.seteuid(65534)
    try:
        error = failure(engine.env)
    finally:
        os.seteuid(was)
    assert "no permission on Docker's socket" in error.message
    assert "usermod -aG docker" in error.hint


def test_an_engine_that_is_silent_is_not_waited_for() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{folder}/d.sock")
        silent.listen()
        error = failure({"DOCKER_HOST": f"unix://{folder}/d.sock"}, timeout=0.05)
    assert "did not answer within 0.05 s" in error.message


def test_an_engine_that_is_unwell_is_quoted(engine: Engine) -> None:
    engine.status = 500
    assert "Docker answered 500 to /containers/json: the engine is unwell" in failure(engine.env).message


def test_inside_a_compose_network_dockers_dns_is_asked(tmp_path: Path) -> None:
    resolver = tmp_path / "resolv.conf"
    assert not is_inside(resolver)
    resolver.write_text("nameserver 192.168.1.1\n")
    assert not is_inside(resolver)
    resolver.write_text("search gaia\nnameserver 127.0.0.11\noptions ndots:0\n")
    assert is_inside(resolver)
