"""A world of Fly apps played by the simulated fly, and a workplace on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.ops import proof
from pytest_gaia_parity.ops.workplace import Workplace, open_workplace
from tests.fly_world import APPS, CONFIG, ENV, FlyWorld
from tests.ops.answering import OneServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import Server


V1 = "registry.fly.io/gaia:v1"


@pytest.fixture
def world(tmp_path: Path) -> FlyWorld:
    return FlyWorld(tmp_path / "world")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(CONFIG)
    (folder / ".env").write_text(ENV)
    (folder / ".env").chmod(0o600)
    return folder


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def make_place(world: FlyWorld, project: Path, tmp_path: Path, said: list[str]) -> Callable[..., Workplace]:
    """Open a workplace anew: configuration, env file and state are read again."""

    def make(**settings: Any) -> Workplace:
        place = open_workplace(
            load_config(project),
            say=said.append,
            program=world.program,
            env=world.env,
            state=settings.pop("state", tmp_path / "state"),
            **settings,
        )
        place.fly._wait = 0.01
        return place

    return make


@pytest.fixture
def place(make_place: Callable[..., Workplace]) -> Workplace:
    return make_place()


@pytest.fixture
def answering_place(
    make_place: Callable[..., Workplace], serve: Callable[[Any], Server], project: Path, world: FlyWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> Workplace:  # fmt: skip
    """A workplace whose services answer, with a fly.toml each, a second image, and no waiting."""
    monkeypatch.setattr(proof, "INTERVAL", 0.01)
    for service in ("gateway", "auth"):
        (project / service).mkdir()
        (project / service / "fly.toml").write_text(f'app = "gaia-{service}-dev"\n')
    world.change(images={V1: "sha256:1", "registry.fly.io/gaia:v2": "sha256:2"})
    for app in APPS:
        machines = [{**machine, "release": 1} for machine in world.app(app)["machines"]]
        release = {
            "version": 1,
            "status": "complete",
            "image": V1,
            "created_at": "2026-01-01T00:00:00Z",
            "description": "",
        }
        world.change_app(app, machines=machines, releases=[release])
    with (project / "pyproject.toml").open("a") as config:
        for service in ("gateway", "auth"):
            config.write(f'[tool.gaia-parity.services.{service}.checks]\ndatabase = "$.database"\n')
    server = serve({"/health": {"status": "ok", "version": "2", "database": "ok"}})
    return make_place(open_network=lambda _config, _target: OneServer(server))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These start programs: they come last."""
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)
