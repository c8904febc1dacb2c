"""The faults of production, made for real: what is seen, and which cause is named."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.lab.faults import FAULTS
from tests.docker import stacks

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.docker.world import World

    Fault = Callable[[World], AbstractContextManager[None]]

#: the kernel gives up on an address that nobody has before or after we do, and each in one of two places
_NO_WAY = "no connection within|the host does not exist|no answer within"
HEALTH = "parity_tests/test_health.py"
_FAKETIME = {
    "LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "FAKETIME": "+600",
    "DONT_FAKE_MONOTONIC": "1",
}
_SILENT = "import socket, signal; held = socket.create_server(('::', 8000), family=socket.AF_INET6); signal.pause()"
_IDLE = "import signal; signal.pause()"


def python(script: str) -> list[str]:
    return [sys.executable, "-S", "-c", script]


@pytest.mark.parametrize(
    ("fault", "service", "reason"),
    [
        pytest.param(
            lambda world: world.changed("fly-asset", command=stacks.serve("asset", host="0.0.0.0")),  # noqa: S104
            "asset",
            "refused",
            id="ipv4-only",
        ),
        pytest.param(lambda world: world.stopped("fly-chat"), "chat", _NO_WAY, id="container-stopped"),
        pytest.param(
            lambda world: world.changed("fly-dns", command=stacks.serve_names(_without("chat"))),
            "chat",
            "not known",
            id="name-not-found",
        ),
        pytest.param(
            lambda world: world.changed("fly-dns", command=stacks.serve_names(_public("chat"))),
            "chat",
            "is the public address 2606:4700::1",
            id="name-is-public",
        ),
        pytest.param(lambda world: world.cut_off("fly-asset"), "asset", _NO_WAY, id="partition"),
        pytest.param(
            lambda world: world.changed("fly-asset", command=python(_SILENT)),
            "asset",
            "no answer within",
            id="silent-port",
        ),
    ],
)
def test_preflight_tells_what_cannot_be_reached(world: World, fault: Fault, service: str, reason: str) -> None:
    with fault(world):
        ran = world.from_inside("--parity", "dev", HEALTH)
    assert ran.code == 69, ran.output
    rows = [line.split(maxsplit=2) for line in ran.output.splitlines() if line.startswith(("dev ", "local "))]
    assert [row[:2] for row in rows] == [["dev", service]], "this service, and no other"
    assert re.search(reason, rows[0][2]), ran.output
    assert "hint:" in ran.output
    assert "nothing was judged" in ran.output


@pytest.mark.parametrize(
    ("fault", "name", "tests"),
    [
        pytest.param(
            lambda world: world.changed("fly-chat", environment={"SUPABASE_JWT_SECRET": None}),
            "missing-secret",
            (HEALTH,),
            id="missing-variable",
        ),
        pytest.param(lambda world: world.stopped("fly-database"), "database-down", (HEALTH,), id="database-down"),
        pytest.param(lambda world: world.stopped("fly-nats"), "nats-down", (HEALTH,), id="nats-down"),
        pytest.param(
            lambda world: world.changed(
                "fly-asset", image=stacks.OTHER_IMAGE, environment={"LAB_QUIRKS": "older-version"}
            ),
            "version-skew",
            (HEALTH, "parity_tests/test_assets.py"),
            id="another-image",
        ),
        pytest.param(
            lambda world: world.changed(
                "fly-gateway", command=["/usr/sbin/nginx", "-c", f"{stacks.files()}/nginx-brotli-unasked.conf"]
            ),
            "undecodable-compression",
            (HEALTH, "parity_tests/test_gzip_only.py"),
            id="brotli-unasked",
        ),
        pytest.param(
            lambda world: world.changed("fly-gateway-app", command=python(_IDLE)),
            "proxy-error-page",
            ("parity_tests/test_http.py",),
            id="proxy-502",
        ),
        pytest.param(
            lambda world: world.changed("fly-auth", environment=_FAKETIME),
            "clock-skew",
            (HEALTH, "parity_tests/test_assets.py"),
            id="clock-off",
        ),
    ],
)
def test_the_cause_is_named_and_no_other(world: World, fault: Fault, name: str, tests: tuple[str, ...]) -> None:
    with fault(world):
        ran = world.from_inside("--parity", "dev", "--parity-confirm", "1", *tests)
    assert ran.code == 1, ran.output
    assert ran.causes == {FAULTS[name].cause}, ran.output


def test_what_containers_logged_of_a_mismatch_is_kept(world: World) -> None:
    """From the host: the engine is asked for the lines of the one container, Fly's logs cannot be had here, and that is said."""
    fault = world.changed("fly-asset", environment={"LAB_QUIRKS": "older-version"})
    with fault:
        ran = world.from_host("--parity", "dev", "--parity-confirm", "0", "parity_tests/test_assets.py")
    assert ran.code == 1, ran.output
    logs = [log for comparison in ran.results["comparisons"] for log in comparison.get("logs", ())]
    local = [log for log in logs if log["side"] == "baseline"]
    assert local
    for log in local:
        assert any(f" {log['service']} " in line and "traceparent=00-" in line for line in log["lines"]), log
    assert all(log.get("says") for log in logs if log["side"] == "candidate")


def test_a_delay_is_no_difference(world: World) -> None:
    """Time is told, not judged."""
    behind = {"command": [sys.executable, "-S", "-c", _DELAYED]}
    with world.changed("fly-asset", **behind):
        ran = world.from_inside("--parity", "dev", "parity_tests/test_health.py")
    assert ran.code == 0, ran.output


_DELAYED = f"""
import os, subprocess, sys
subprocess.Popen([{sys.executable!r}, "-m", "pytest_gaia_parity.lab.serve", "asset", "--host", "::1", "--port", "8001"])
os.execv({sys.executable!r}, [{sys.executable!r}, "-S", {str(stacks.ROOT / "tests/docker/delaying.py")!r}, "8000", "::1", "8001", "0.3"])
"""


def _without(service: str) -> dict[str, str]:
    return {app: address for app, address in stacks.APPS.items() if app != f"gaia-{service}-dev"}


def _public(service: str) -> dict[str, str]:
    return stacks.APPS | {f"gaia-{service}-dev": "2606:4700::1"}
