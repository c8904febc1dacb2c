"""Instances of one target compared with each other: a replica, or a machine, that runs something else is found."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker import stacks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.world import World

_CONFIG = """
[tool.gaia-parity]
baseline = "local"
[tool.gaia-parity.targets.local]
network = "docker"
url = "http://{service}:8000"
[tool.gaia-parity.services.auth]
[tool.gaia-parity.services.chat]
"""
_TESTS = """
def test_auth(services):
    assert services.auth.get("/health").status_code == 200

def test_chat(services, target):
    assert target.name == "local"
    assert services.chat.get("/health").status_code == 200
"""


@pytest.fixture
def folder(world: World) -> Iterator[Path]:
    made: Path = world.engine.folder / "each"
    (made / "parity_tests").mkdir(parents=True)
    (made / "pyproject.toml").write_text(_CONFIG, encoding="utf-8")
    (made / "parity_tests/test_it.py").write_text(_TESTS, encoding="utf-8")
    write(made, version="1.4.0")
    yield made
    world.engine.run("docker-compose", "down", "--timeout", "0", cwd=made)
    world.engine.run("rm", "-r", str(made))


def write(folder: Path, *, version: str) -> None:
    services = {name: stacks.small(name) for name in ("auth", "chat")}
    services["auth"]["environment"]["VERSION"] = version
    (folder / "docker-compose.yml").write_text(json.dumps({"version": "2.4", "services": services}), encoding="utf-8")


def scale(world: World, folder: Path, count: int) -> None:
    argv = ("docker-compose", "up", "-d", "--no-recreate", "--scale", f"auth={count}")
    world.engine.run(*argv, cwd=folder, timeout=120)


def run(world: World, folder: Path, *arguments: str) -> tuple[int, str]:
    argv = (*world.engine.inside, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments)
    done = world.engine.attempt(*argv, cwd=folder, timeout=120, env={"PYTHONPATH": str(stacks.ROOT)})
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def comparisons(folder: Path, target: str) -> list[dict[str, Any]]:
    results = json.loads((folder / f"reports/parity-{target}_each.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = results["comparisons"]
    return found


def verdicts(folder: Path, target: str = "local") -> dict[str, str]:
    return {plain(one["test"].partition("::")[2]): one["verdict"] for one in comparisons(folder, target)}


def plain(text: str) -> str:
    """Names of containers as Compose v2 makes them: `each-auth-1`, where v1 has `each_auth_1`."""
    return re.sub(r"each_(\w+)_(\d)", r"each-\1-\2", text)


def causes(folder: Path, target: str) -> set[str]:
    return {cause["id"] for one in comparisons(folder, target) for cause in one.get("causes", ())}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_the_replica_that_runs_another_version_is_found(world: World, folder: Path, workers: tuple[str, ...]) -> None:
    scale(world, folder, 2)
    write(folder, version="1.3.2")
    scale(world, folder, 3)
    code, output = run(world, folder, "--target", "local", "--each-replica", *workers)
    assert code == 1, output
    assert verdicts(folder) == {
        "test_auth[each-auth-2]": "match",
        "test_auth[each-auth-3]": "mismatch",
        "test_chat[each-auth-2]": "match",
        "test_chat[each-auth-3]": "match",
    }, output
    assert "auth: each-auth-1 (1.4.0), each-auth-2 (1.4.0), each-auth-3 (1.3.2)" in plain(output)
    assert "test_auth[local@1 = local@each-each-auth-3]" in plain(output)
    assert causes(folder, "local") == {"version-skew"}


def test_equal_replicas_are_on_par(world: World, folder: Path) -> None:
    scale(world, folder, 2)
    code, output = run(world, folder, "--parity", "local", "--each-replica")
    assert code == 0, output
    assert set(verdicts(folder).values()) == {"match"}


def test_one_replica_is_nothing_to_compare_and_one_that_ended_is_named(world: World, folder: Path) -> None:
    scale(world, folder, 2)
    labels = ("--filter", "label=com.docker.compose.project=each", "--filter", "label=com.docker.compose.service=auth")
    number = ("--filter", "label=com.docker.compose.container-number=2", "--quiet")
    world.engine.docker("kill", world.engine.docker("ps", *labels, *number).strip())
    code, output = run(world, folder, "--target", "local", "--each-replica")
    assert code == 5, output
    assert "nothing to compare: each of auth, chat has one replica that runs" in output
    assert "each-auth-2 does not run: Exited (137)" in plain(output)


_FLY = f"""
[tool.gaia-parity]
baseline = "dev"
[tool.gaia-parity.targets.dev]
network = "fly"
app = "gaia-{{service}}-dev"
url = "http://{{app}}.internal:8000"
dns = "{stacks.DNS}"
[tool.gaia-parity.services.pair]
"""
_MACHINES = {"9080e6f3a12d87": f"{stacks.PREFIX}:41", "148e21b2c3d489": f"{stacks.PREFIX}:42"}
_FLY_TESTS = """
def test_pair(services):
    assert services.pair.get("/health").status_code == 200
"""


@pytest.fixture
def machines(world: World) -> Iterator[None]:
    """Two machines of one app, of which the second runs another version, and the names that Fly's DNS has for them."""
    names = {f"fly-{name}": {"ipv6_address": address} for name, address in _MACHINES.items()}
    versions = zip(names.items(), ("1.4.0", "1.3.2"), strict=True)
    override = {
        name: stacks.small("pair", VERSION=version) | {"networks": {"sixpn": place}}
        for (name, place), version in versions
    }
    records = [f"--host-record={name}.vm.gaia-pair-dev.internal,{address}" for name, address in _MACHINES.items()]
    dns = {"command": [*stacks.serve_names(stacks.APPS), *records]}
    try:
        world.compose("fly", "up", "-d", "--no-deps", *override, "fly-dns", override=override | {"fly-dns": dns})
        world.wait(200, list(_MACHINES.values()))
        yield
    finally:
        world.compose("fly", "rm", "--stop", "--force", *override, override=override)
        world.compose("fly", "up", "-d", "--no-deps", "fly-dns")
        world.wait_until_healthy()


@pytest.mark.usefixtures("machines")
def test_the_machine_that_runs_another_version_is_found(world: World, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(_FLY, encoding="utf-8")
    (folder / "parity_tests/test_it.py").write_text(_FLY_TESTS, encoding="utf-8")
    code, output = run(world, folder, "--target", "dev", "--each-machine")
    assert code == 1, output
    assert "pair: 148e21b2c3d489 (1.3.2), 9080e6f3a12d87 (1.4.0)" in output
    assert verdicts(folder, "dev") == {"test_pair[9080e6f3a12d87]": "mismatch"}
    assert causes(folder, "dev") == {"version-skew"}
