"""A world of Fly apps played by the simulated fly, and a workplace on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.ops.workplace import Workplace, open_workplace
from tests.fly_world import CONFIG, ENV, FlyWorld

if TYPE_CHECKING:
    from collections.abc import Callable


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These start programs: they come last."""
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)
