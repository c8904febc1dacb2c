"""Runs through `fly proxy`, played by the simulated fly: how many are started, by whom, and that none stays."""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.lab import fly as simulated
from tests.fly_world import FlyWorld

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import Routes, Server

SERVICES = ("auth", "gateway")
CONFIG = """
[tool.gaia-parity]
baseline = "local"
[tool.gaia-parity.targets.local]
network = "direct"
urls = {{ auth = "{auth}", gateway = "{gateway}" }}
[tool.gaia-parity.targets.dev]
network = "fly"
app = "gaia-{{service}}-dev"
url = "http://{{app}}.internal:8000"
[tool.gaia-parity.services.auth]
[tool.gaia-parity.services.gateway]
"""
TESTS = """
import pytest
@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("service", ["auth", "gateway"])
def test_who(services, service, number):
    assert services[service].get("/who").json()["service"] == service
"""


@pytest.fixture
def world(pytester: pytest.Pytester, serve: Callable[[Routes], Server], monkeypatch: pytest.MonkeyPatch) -> FlyWorld:
    """Two services that are both sides' at once: directly, and as apps of a fly that is found on PATH."""
    made = FlyWorld(pytester.path / "fly")
    servers = {name: serve({"/who": {"service": name}}) for name in SERVICES}
    for name, server in servers.items():
        made.change_app(f"gaia-{name}-dev", listens=["127.0.0.1", int(server.url.rpartition(":")[2])])
    folder = pytester.mkdir("bin")
    (folder / "fly").write_text(f'#!/bin/sh\nexec {shlex.join(made.program)} "$@"\n', encoding="utf-8")
    (folder / "fly").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(simulated.STATE, str(made.folder))
    monkeypatch.delenv("FLY_MACHINE_ID", raising=False)
    pytester.makepyprojecttoml(CONFIG.format(**{name: server.url for name, server in servers.items()}))
    pytester.makepyfile(**{"parity_tests/test_who": TESTS})
    return made


def started(world: FlyWorld) -> list[tuple[str, int]]:
    """The proxies that were started: the name that each leads to, and its port of loopback."""
    words = [call.split() for call in world.calls() if call.startswith("proxy ")]
    return [(host, int(port)) for _, host, port, _ in words]


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_workers_use_the_controllers_proxies_which_end_with_the_run(pytester: pytest.Pytester, world: FlyWorld) -> None:
    ran = pytester.runpytest_subprocess("--parity=dev", "-n", "2")
    ran.stdout.fnmatch_lines(["*12 matched*"])
    assert ran.ret == 0
    proxies = started(world)
    assert sorted(host for host, _ in proxies) == [f"gaia-{name}-dev.internal" for name in SERVICES]
    assert not [port for _, port in proxies if listens(port)]


def test_a_proxy_that_ends_is_started_again_once_for_all_workers(pytester: pytest.Pytester, world: FlyWorld) -> None:
    ender = f"""
import contextlib, os, pathlib, signal, socket
def test_end_a_proxy(services):
    services.auth.get("/who")
    once = pathlib.Path({str(pytester.path / "ended")!r})
    if not once.exists():
        once.touch()
        calls = pathlib.Path({str(world.folder / "calls.log")!r}).read_text().splitlines()
        port, process = next(call for call in calls if "gaia-auth-dev" in call).split()[2:]
        with socket.create_connection(("127.0.0.1", int(port))) as held:
            os.kill(int(process), signal.SIGKILL)
            with contextlib.suppress(ConnectionResetError):
                held.recv(1)
    assert services.auth.get("/who").json()["service"] == "auth"
"""
    pytester.makepyfile(**{"parity_tests/test_end": ender})
    ran = pytester.runpytest_subprocess("--parity=dev", "-n", "2")
    assert ran.ret == 0, ran.stdout.str()
    ran.stdout.fnmatch_lines(["*13 matched*"])
    proxies = started(world)
    assert sorted(host for host, _ in proxies) == ["gaia-auth-dev.internal"] * 2 + ["gaia-gateway-dev.internal"]
    assert len({port for _, port in proxies}) == 2, "the second one listens where the workers know it"
    assert not [port for _, port in proxies if listens(port)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_the_proxies_end_when_the_controller_is_killed(pytester: pytest.Pytester, world: FlyWorld) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bell:
        waiting = f"""
import socket
def test_wait(services, target):
    services.auth.get("/who")
    if not target.is_baseline:
        with socket.create_connection(("127.0.0.1", {bell.getsockname()[1]})) as held:
            held.recv(1)
"""
        pytester.makepyfile(**{"parity_tests/test_who": waiting})
        command = [sys.executable, "-m", "pytest", "--parity=dev", "-n", "2"]
        with subprocess.Popen(  # noqa: S603 - our own interpreter
            command, cwd=pytester.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as run:
            bell.settimeout(60)
            with bell.accept()[0]:
                ports = [port for _, port in started(world)]
                connections = [socket.create_connection(("127.0.0.1", port), timeout=10) for port in ports]
                run.send_signal(signal.SIGKILL)
                run.wait()
                # kept open across the kill: each ends when its proxy does
                assert [one.recv(1) for one in connections] == [b"", b""]
                for one in connections:
                    one.close()


def test_a_mismatch_carries_what_fly_logged_meanwhile(
    pytester: pytest.Pytester, world: FlyWorld, serve: Callable[[Routes], Server]
) -> None:
    other = serve({"/who": {"service": "somebody else"}})
    pytester.makepyprojecttoml(CONFIG.format(auth=other.url, gateway=other.url))
    pytester.makepyfile(**{"parity_tests/test_who": 'def test_who(services):\n    services.auth.get("/who")\n'})
    begins = dt.datetime.now(dt.UTC)
    moments = [begins + dt.timedelta(seconds=n / 4) for n in range(480)]
    world.change_app("gaia-auth-dev", log=[f"{one.isoformat()} the list of prices is old" for one in moments])
    ran = pytester.runpytest_subprocess("--parity=dev", "--parity-confirm=0")
    assert ran.ret == 1
    (one,) = json.loads((pytester.path / "reports/parity-dev.json").read_text(encoding="utf-8"))["comparisons"]
    (log,) = one["logs"]
    machine = world.app("gaia-auth-dev")["machines"][0]
    assert (log["side"], log["service"]) == ("candidate", "auth")
    assert 4 <= len(log["lines"]) < 40, "a second before and one behind, and not all"
    assert all(f"{machine['id']} info the list of prices is old" in line for line in log["lines"])


def test_the_machines_of_an_app_are_compared_through_proxies(
    pytester: pytest.Pytester, world: FlyWorld, workers: tuple[str, ...]
) -> None:
    machine = world.app("gaia-auth-dev")["machines"][0]
    world.change_app("gaia-auth-dev", machines=[{**machine, "id": name} for name in ("148ed1", "148ed2")])
    world.change_app("gaia-gateway-dev", machines=[{**machine, "id": "148ed3"}])
    ran = pytester.runpytest_subprocess("--target=dev", "--each-machine", *workers)
    ran.stdout.fnmatch_lines(["*auth: 148ed1*, 148ed2*", "*12 matched*"])
    assert ran.ret == 0
    hosts = [host for host, _ in started(world)]
    machines = ["148ed1.vm.gaia-auth-dev", "148ed2.vm.gaia-auth-dev", "148ed3.vm.gaia-gateway-dev"]
    assert sorted(host for host in hosts if ".vm." in host) == [f"{name}.internal" for name in machines]
    assert len(hosts) == len(set(hosts)), "one for each name, whoever uses it"
    assert not [port for _, port in started(world) if listens(port)]
