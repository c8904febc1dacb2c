"""The embedded stack: up on loopback, never in its own way, always taken down."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from pytest_gaia_parity.adapters.fly import Fly
from pytest_gaia_parity.adapters.process import Runner
from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.errors import CommandError, ConfigError, ParityError
from pytest_gaia_parity.lab.stack import Stack
from pytest_gaia_parity.lab.world import write_world
from pytest_gaia_parity.network.fly import FlyNetwork
from pytest_gaia_parity.network.proxies import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gaia_parity.config.schema import Config

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
CONFIG = """
[tool.gaia-parity.targets.local]
network = "docker"
url = "{local}"

[tool.gaia-parity.targets.dev]
network = "fly"
app = "gaia-{{service}}-dev"
url = "http://{{app}}.internal:8000"

[tool.gaia-parity.services.gateway]
[tool.gaia-parity.services.{service}]
"""


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT)


@pytest.fixture(scope="module")
def stack(config: Config) -> Iterator[Stack]:
    with Stack(config) as running:
        yield running


def url_of(stack: Stack, target: str, host: str) -> str:
    address, port = stack.routes[target][host, 8000]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError:
        return False
    return True


def test_every_service_answers_under_its_configured_name(stack: Stack) -> None:
    for host in ("gateway", "auth", "asset", "chat"):
        assert httpx.get(f"{url_of(stack, 'local', host)}/health").json()["service"] == host
        assert httpx.get(f"{url_of(stack, 'dev', f'gaia-{host}-dev.internal')}/health").json()["service"] == host


def test_the_gateway_calls_services_by_their_configured_urls(stack: Stack) -> None:
    health = httpx.get(f"{url_of(stack, 'dev', 'gaia-gateway-dev.internal')}/health").json()
    assert health["services"]["asset"] == "http://gaia-asset-dev.internal:8000"
    status = httpx.get(f"{url_of(stack, 'dev', 'gaia-gateway-dev.internal')}/status").json()
    assert {one["status"] for one in status["services"].values()} == {"ok"}


def test_the_candidate_is_ipv6_only_and_the_baseline_ipv4_only(stack: Stack) -> None:
    for address, port in stack.routes["dev"].values():
        assert address == "::1"
        assert not answers(("127.0.0.1", port))
    assert {address for address, _ in stack.routes["local"].values()} == {"127.0.0.1"}


def test_the_sides_share_no_data(stack: Stack) -> None:
    user = {"email": "only-here@gaia.example", "password": "long-enough"}
    assert httpx.post(f"{url_of(stack, 'local', 'auth')}/users", json=user).status_code == 201
    login = httpx.post(f"{url_of(stack, 'dev', 'gaia-auth-dev.internal')}/login", json=user)
    assert login.status_code == 401


def test_stacks_run_side_by_side(config: Config, stack: Stack) -> None:
    with Stack(config) as other:
        ports = {
            port for routes in (stack.routes, other.routes) for side in routes.values() for _, port in side.values()
        }
        assert len(ports) == 16
        assert answers(other.routes["local"]["auth", 8000])


def test_nothing_answers_after_the_end(config: Config) -> None:
    with Stack(config) as stack:
        addresses = [address for side in stack.routes.values() for address in side.values()]
        assert all(answers(address) for address in addresses)
    assert not any(answers(address) for address in addresses)


def test_one_side_can_run_alone(config: Config) -> None:
    with Stack(config, candidates=()) as stack:
        assert list(stack.routes) == ["local"]


def test_a_killed_parent_leaves_nothing_behind() -> None:
    """Even SIGKILL: the pipe to the sides ends with the process that held it."""
    program = f"""
import sys, time
from pathlib import Path
from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.lab.stack import Stack
stack = Stack(load_config(Path({str(ROOT)!r})))
stack.start()
print(*(process._process.pid for process in stack._processes), flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen(  # noqa: S603 - the program is above
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    sides = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
    assert len(sides) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    for side in sides:
        # readable once the process has ended
        assert select_readable(side, seconds=5)
        os.close(side)


def select_readable(descriptor: int, *, seconds: float) -> bool:
    import select  # noqa: PLC0415 - Linux only, as pidfd is

    return bool(select.select([descriptor], [], [], seconds)[0])


def test_unknown_fault_is_a_usage_error(config: Config) -> None:
    with pytest.raises(ConfigError, match="'databse-down' is no fault of the lab; nearest is 'database-down'"):
        Stack(config, faults=["databse-down"])


@pytest.mark.parametrize(
    ("local", "service", "says"),
    [
        ("http://{service}:8000", "billing", "the lab has no service 'billing'"),
        ("http://localhost:8000", "auth", "gives two services the same host and port"),
        ("https://{service}:8000", "auth", "the lab cannot stand for https://gateway:8000"),
    ],
)
def test_what_the_lab_cannot_stand_for_is_a_usage_error(tmp_path: Path, local: str, service: str, says: str) -> None:
    (tmp_path / "pyproject.toml").write_text(CONFIG.format(local=local, service=service))
    with pytest.raises(ConfigError, match=says):
        Stack(load_config(tmp_path))


def test_ipv4_only_is_refused_where_it_is_looked_for_and_answers_elsewhere(config: Config) -> None:
    with Stack(config, faults=["ipv4-only"]) as stack:
        address, port = stack.routes["dev"]["gaia-asset-dev.internal", 8000]
        assert not answers((address, port))
        assert answers(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("fault", "service", "check", "says"),
    [
        ("missing-secret", "chat", "secrets", "missing: SUPABASE_JWT_SECRET"),
        ("database-down", "asset", "database", "down: unable to open database file"),
        ("nats-down", "chat", "nats", "down: connection refused"),
    ],
)
def test_health_of_the_candidate_tells_the_fault(
    config: Config, fault: str, service: str, check: str, says: str
) -> None:
    with Stack(config, faults=[fault]) as stack:
        health = httpx.get(f"{url_of(stack, 'dev', f'gaia-{service}-dev.internal')}/health")
        assert (health.status_code, health.json()["checks"][check]) == (503, says)
        assert httpx.get(f"{url_of(stack, 'local', service)}/health").status_code == 200


def test_a_service_whose_name_leads_nowhere_has_no_route(config: Config) -> None:
    with Stack(config, faults=["name-not-found"]) as stack:
        assert {host for host, _ in stack.routes["dev"]} == {
            "gaia-gateway-dev.internal",
            "gaia-auth-dev.internal",
            "gaia-asset-dev.internal",
        }
        status = httpx.get(f"{url_of(stack, 'dev', 'gaia-gateway-dev.internal')}/status").json()
        assert status["services"]["chat"]["status"] == "unreachable"


def test_a_refused_port_is_refused_over_both_families(config: Config) -> None:
    with Stack(config, faults=["refused"]) as stack:
        _, port = stack.routes["dev"]["gaia-chat-dev.internal", 8000]
        assert not answers(("::1", port))
        assert not answers(("127.0.0.1", port))


def test_a_silent_service_accepts_and_says_nothing(config: Config) -> None:
    with Stack(config, faults=["timeout"]) as stack:
        address = stack.routes["dev"]["gaia-asset-dev.internal", 8000]
        assert answers(address)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{url_of(stack, 'dev', 'gaia-asset-dev.internal')}/health", timeout=0.3)


def test_a_public_url_works_and_shows_in_links(config: Config) -> None:
    with Stack(config, faults=["public-url"]) as stack:
        url = url_of(stack, "dev", "gaia-gateway-dev.internal")
        login = {"email": "ada@gaia.example", "password": "analytical-engine"}
        token = httpx.post(f"{url}/api/auth/login", json=login).json()["access_token"]
        body = {"name": "Glade"}
        scene = httpx.post(f"{url}/api/scenes", json=body, headers={"Authorization": f"Bearer {token}"})
        assert scene.json()["asset_url"].startswith("http://gaia-asset-dev.fly.dev/assets/")
        assert httpx.get(f"{url}/health").json()["services"]["asset"] == "http://gaia-asset-dev.fly.dev"


def test_a_service_starts_anew_with_another_environment(config: Config) -> None:
    with Stack(config) as stack:
        url = url_of(stack, "dev", "gaia-asset-dev.internal")
        with httpx.Client(base_url=url) as client:
            assert client.get("/health").json()["version"] == "1.4.0"
            env = stack.environment("dev", "asset") | {"GAIA_VERSION": "1.5.0"}
            stack.restart("dev", "asset", env)
            assert client.get("/health").json()["version"] == "1.5.0"
            del env["OPENAI_API_KEY"]
            stack.restart("dev", "asset", env)
            assert client.get("/health").json()["checks"]["secrets"] == "missing: OPENAI_API_KEY"


def test_a_restart_of_what_is_not_served_is_refused(stack: Stack) -> None:
    with pytest.raises(CommandError, match="'billing' is not served here"):
        stack.restart("dev", "billing", {})


def test_the_platform_knows_a_machine_that_is_stopped(config: Config) -> None:
    stack = Stack(config, faults=["machine-stopped"])
    machines = stack.machines("dev")
    assert [machine["state"] for machine in machines["chat"]] == ["stopped"]
    assert [machine["state"] for machine in machines["asset"]] == ["started"]
    assert stack.machines("local") == {}


def test_the_platform_knows_nothing_of_an_app_that_is_not_there(config: Config) -> None:
    assert "chat" not in Stack(config, faults=["name-not-found"]).machines("dev")


def test_fly_tells_the_log_of_a_machine_by_moment_and_trace(config: Config, tmp_path: Path) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    with Stack(config) as stack:
        world = write_world(config, stack, tmp_path / "world")
        fly = Fly(Runner(), program=world.program, env=world.env)
        network = FlyNetwork(target="dev", places=[Place("gaia-asset-dev.internal", 8000)], fly=fly)
        url = url_of(stack, "dev", "gaia-asset-dev.internal")
        began = time.time()
        httpx.get(f"{url}/assets/nope", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        # a request is logged when it has been answered: once the next one is, the line is there
        httpx.get(f"{url}/health")
        lines = network.logs("gaia-asset-dev.internal", since=began - 1, until=time.time())
        (told,) = (line for line in lines if trace in line)
        (machine,) = fly.machines("gaia-asset-dev")
        assert told.split()[1:4] == [machine.region, machine.id, "info"]
        assert "/assets/nope" in told
        assert network.logs("gaia-asset-dev.internal", since=began - 60, until=began - 30) == []
        with pytest.raises(ParityError, match="gaia-nope-dev"):
            network.logs("gaia-nope-dev.internal", since=began, until=time.time())
