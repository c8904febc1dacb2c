from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.network.docker import is_inside
from pytest_gaia_parity.network.open import open_network
from pytest_gaia_parity.network.route import Endpoint
from tests.docker_engine import Engine, serving
from tests.fly_world import CONFIG, FlyWorld

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_gaia_parity.config.schema import Config
    from tests.servers import Routes, Server


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "pyproject.toml").write_text(CONFIG, encoding="utf-8")
    return load_config(tmp_path)


@pytest.mark.skipif(is_inside(), reason="here Docker's own DNS is asked")
def test_a_docker_target_is_found_by_the_environments_engine(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder, serving(Engine(Path(folder) / "d.sock")) as engine:
        engine.move(config.root)
        monkeypatch.setenv("DOCKER_HOST", engine.env["DOCKER_HOST"])
        network = open_network(config, "local")
        network.open()
        assert network.route("auth", 8000).endpoints == (Endpoint("127.0.0.1", 32768),)
        network.close()


def test_a_fly_target_is_reached_by_the_paths_flyctl(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[[Routes], Server]
) -> None:
    world = FlyWorld(tmp_path / "fly")
    for app in ("gaia-gateway-dev", "gaia-auth-dev"):
        world.change_app(app, listens=["127.0.0.1", int(serve({}).url.rpartition(":")[2])])
    program = tmp_path / "bin" / "fly"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(world.program)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.delenv("FLY_MACHINE_ID", raising=False)
    for name, value in world.env.items():
        monkeypatch.setenv(name, value)
    network = open_network(config, "dev")
    try:
        network.open()
        assert network.route("gaia-auth-dev.internal", 8000).via == "fly-proxy"
    finally:
        network.close()
