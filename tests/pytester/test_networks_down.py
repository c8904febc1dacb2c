"""Networks that are not there, each in a run of its own: one message that says what to do next, and exit code 69 or 4."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.errors import EXIT_UNREACHABLE, EXIT_USAGE
from pytest_gaia_parity.lab import fly as simulated
from pytest_gaia_parity.network.docker import is_inside
from tests.docker_engine import Engine, serving
from tests.fly_world import FlyWorld
from tests.skipping import cannot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.name_server import Zone
    from tests.servers import Routes, Server

outside = pytest.mark.skipif(is_inside(), reason="here Docker's own DNS is asked")

CONFIG = """
[tool.gaia-parity]
baseline = "local"
[tool.gaia-parity.targets.local]
network = "docker"
url = "http://{service}:8000"
[tool.gaia-parity.targets.dev]
network = "fly"
app = "gaia-{service}-dev"
url = "http://{app}.internal:8000"
[tool.gaia-parity.services.auth]
[tool.gaia-parity.services.gateway]
"""
AUTH, GATEWAY = "gaia-auth-dev.internal", "gaia-gateway-dev.internal"


@pytest.fixture(autouse=True)
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with tests, and a PATH without any program of Docker or Fly."""
    pytester.makepyprojecttoml(CONFIG)
    pytester.makepyfile(**{"parity_tests/test_it": "def test_it(services): ..."})
    monkeypatch.setenv("PATH", str(pytester.mkdir("bin")))
    monkeypatch.delenv("FLY_MACHINE_ID", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    return pytester.path


def install(folder: Path, name: str, *program: str) -> None:
    made = folder / "bin" / name
    made.write_text(f'#!/bin/sh\nexec {shlex.join(program or ("/bin/true",))} "$@"\n', encoding="utf-8")
    made.chmod(0o755)


def expect(ran: pytest.RunResult, code: int, message: str, hint: str) -> None:
    """One message, its next step behind it, and nothing of our insides."""
    said = ran.stdout.str() + ran.stderr.str()
    assert ran.ret == code, said
    assert said.count(message) == 1, said
    assert hint in said.partition(message)[2], said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said


# Docker


@pytest.fixture
def socket_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # not in tmp_path: the path of a Unix socket has 107 bytes
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "d.sock"
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        yield path


@pytest.fixture
def engine(socket_path: Path, folder: Path) -> Iterator[Engine]:
    """Docker with the stack of our folder up."""
    with serving(Engine(socket_path)) as served:
        served.move(folder)
        yield served


def run_local(pytester: pytest.Pytester) -> pytest.RunResult:
    return pytester.runpytest("--target=local")


@outside
def test_docker_is_not_installed(pytester: pytest.Pytester, socket_path: Path) -> None:
    message = f"Docker is not installed: there is neither unix://{socket_path} nor a program 'docker'"
    expect(run_local(pytester), EXIT_UNREACHABLE, message, "install Docker")


@outside
def test_dockers_daemon_is_down(pytester: pytest.Pytester, socket_path: Path, folder: Path) -> None:
    install(folder, "docker")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(socket_path))
    message = f"the Docker daemon does not run: nothing listens on unix://{socket_path}"
    expect(run_local(pytester), EXIT_UNREACHABLE, message, "systemctl start docker")


@outside
def test_dockers_socket_is_not_ours(pytester: pytest.Pytester, engine: Engine) -> None:
    engine.path.chmod(0)
    command = [sys.executable, "-m", "pytest", "--target=local"]
    if os.geteuid() == 0:  # permissions mean nothing to root, until that privilege is given up
        dropping = shutil.which("setpriv", path="/usr/bin:/bin")
        if dropping is None:
            cannot("as root this needs setpriv")
        command = [dropping, "--bounding-set=-dac_override,-dac_read_search", *command]
    message = f"no permission on Docker's socket unix://{engine.path}"
    expect(pytester.run(*command), EXIT_UNREACHABLE, message, "usermod -aG docker")


@outside
def test_the_compose_stack_is_down(pytester: pytest.Pytester, engine: Engine) -> None:
    engine.rows.clear()
    message = f"target 'local': no Compose project of {pytester.path} is up"
    expect(run_local(pytester), EXIT_UNREACHABLE, message, "docker compose up -d")


@outside
def test_several_compose_projects_could_be_meant(pytester: pytest.Pytester, engine: Engine) -> None:
    engine.copy_project("other", str(pytester.path))
    message = f"2 Compose projects could be meant: gaia ({pytester.path}), other ({pytester.path})"
    expect(run_local(pytester), EXIT_USAGE, message, "targets.local.project")


@outside
def test_one_service_of_the_stack_has_ended(
    pytester: pytest.Pytester, engine: Engine, serve: Callable[[Routes], Server]
) -> None:
    port = int(serve({}).url.rpartition(":")[2])
    engine.row("gateway")["Ports"] = [{"PrivatePort": 8000, "PublicPort": port, "Type": "tcp", "IP": "127.0.0.1"}]
    engine.row("auth").update(State="exited", Status="Exited (137) 2 minutes ago")
    ran = run_local(pytester)
    message = "service 'auth' of Compose project 'gaia' does not run: Exited (137) 2 minutes ago"
    expect(ran, EXIT_UNREACHABLE, message, "docker compose -p gaia up -d auth")
    ran.stdout.no_fnmatch_line("*gateway*")


# Fly


@pytest.fixture
def world(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, serve: Callable[[Routes], Server]) -> FlyWorld:
    """A simulated fly on PATH, with both services behind it."""
    made = FlyWorld(pytester.path / "fly")
    for name in ("auth", "gateway"):
        made.change_app(f"gaia-{name}-dev", listens=["127.0.0.1", int(serve({}).url.rpartition(":")[2])])
    install(pytester.path, "fly", *made.program)
    monkeypatch.setenv(simulated.STATE, str(made.folder))
    return made


def run_dev(pytester: pytest.Pytester, **changes: str) -> pytest.RunResult:
    """Run on dev, with words of the configuration changed."""
    text = CONFIG
    for word, other in changes.items():
        text = text.replace(word, other)
    (pytester.path / "pyproject.toml").write_text(text, encoding="utf-8")
    return pytester.runpytest("--target=dev")


def test_wireguard_is_down_and_fly_is_not_installed(pytester: pytest.Pytester) -> None:
    message = f"the system's resolver knows none of {AUTH}, {GATEWAY}, and flyctl is not installed"
    expect(run_dev(pytester), EXIT_UNREACHABLE, message, "bring WireGuard up")


def test_fly_is_not_logged_in(pytester: pytest.Pytester, world: FlyWorld) -> None:
    world.change(token=False)
    message = "no access token available. Please login with 'flyctl auth login'; no proxy could be started"
    expect(run_dev(pytester), EXIT_UNREACHABLE, message, "export FLY_API_TOKEN, or run: fly auth login")


@pytest.mark.usefixtures("world")
def test_the_name_of_the_app_is_wrong(pytester: pytest.Pytester) -> None:
    ran = run_dev(pytester, **{'"gaia-': '"gaya-'})
    for name in ("auth", "gateway"):
        message = f"fly proxy: gaya-{name}-dev.internal: host was not found in DNS; fly knows no app 'gaya-{name}-dev'"
        expect(ran, EXIT_UNREACHABLE, message, "fly apps list")


def test_half_of_the_apps_are_up(pytester: pytest.Pytester, world: FlyWorld) -> None:
    machines = [{**one, "id": "148ed1", "state": "stopped"} for one in world.app("gaia-auth-dev")["machines"][:1]]
    world.change_app("gaia-auth-dev", machines=machines)
    ran = run_dev(pytester)
    expect(ran, EXIT_UNREACHABLE, "no machine of the app runs (stopped)", "fly machine start 148ed1 -a gaia-auth-dev")
    ran.stdout.fnmatch_lines(["*cause: no machine of auth runs on dev: 148ed1 is stopped (machine-stopped)"])
    ran.stdout.no_fnmatch_line("*gateway*")


# a DNS server of Fly's


@pytest.fixture
def zone() -> Iterator[Zone]:
    pytest.importorskip("dns", reason="the extra `fly` is not installed")
    from tests.name_server import Zone, serving  # noqa: PLC0415 - needs the extra

    with serving(Zone()) as served:
        yield served


def run_by_dns(pytester: pytest.Pytester, zone: Zone) -> pytest.RunResult:
    return run_dev(pytester, **{'network = "fly"': f'network = "fly"\ndns = "{zone.server}"'})


def test_the_dns_server_is_silent_behind_a_tunnel_that_is_down(pytester: pytest.Pytester, zone: Zone) -> None:
    zone.is_silent = True
    ran = run_by_dns(pytester, zone)
    assert ran.ret == EXIT_UNREACHABLE
    ran.stdout.fnmatch_lines([f"*DNS server {zone.server} did not answer within 2 s", "*hint: bring WireGuard up*"] * 2)


@pytest.mark.parametrize(
    ("addresses", "message", "hint"),
    [
        pytest.param(None, "does not know the name 'HOST'", "fly apps list", id="unknown"),
        pytest.param([], "has no IPv6 address for 'HOST'", "fly machine list -a gaia-auth-dev", id="nothing"),
        pytest.param(
            ["2a09:8280:1::1:1"], "'HOST' is the public address 2a09:8280:1::1:1", "correct 'url'", id="public"
        ),
    ],
)
def test_the_name_leads_to(
    pytester: pytest.Pytester, zone: Zone, addresses: list[str] | None, message: str, hint: str
) -> None:
    zone.names |= {} if addresses is None else {AUTH: addresses, GATEWAY: addresses}
    expect(run_by_dns(pytester, zone), EXIT_UNREACHABLE, message.replace("HOST", AUTH), hint)
