"""verify asks the database and NATS of a Compose stack from inside its containers, where only they can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.ops.check import CheckStatus
from pytest_gaia_parity.ops.verify import verify
from pytest_gaia_parity.ops.workplace import open_workplace
from tests.docker import stacks

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_gaia_parity.ops.check import Check
    from tests.docker.world import World

SECRET = "a-password-of-this-test"

CONFIG = f"""
[tool.gaia-parity.targets.local]
network = "docker"
project = "{stacks.LOCAL}"
url = "http://{{service}}:8000"

[tool.gaia-parity.services.chat]
required = ["DATABASE_URL", "NATS_URL"]
"""


@pytest.fixture
def checks(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Check]:
    """The checks of one service, with an env file whose names lead nowhere from here."""
    monkeypatch.setenv("DOCKER_HOST", world.engine.host)
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    env = tmp_path / ".env"
    env.write_text(
        f"DATABASE_URL=postgresql://service:{SECRET}@database/postgres\nNATS_URL=nats://gaia:{SECRET}@nats\n"
    )
    env.chmod(0o600)
    place = open_workplace(load_config(tmp_path), say=lambda _: None, state=tmp_path / "state")
    return {one.name: one for one in verify(place, "local")}


def test_a_container_is_asked_what_cannot_be_reached_from_here(checks: dict[str, Check]) -> None:
    for name in ("database", "nats"):
        assert checks[name].status is CheckStatus.OK, checks[name].says
        assert checks[name].says.startswith("container ")
    assert SECRET not in repr(checks)


def test_a_container_that_lost_its_database_says_so(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = world.container("database")
    world.engine.docker("pause", container)
    try:
        monkeypatch.setenv("DOCKER_HOST", world.engine.host)
        (tmp_path / "pyproject.toml").write_text(CONFIG)
        (tmp_path / ".env").write_text("DATABASE_URL=postgresql://service@database/postgres\nNATS_URL=nats://nats\n")
        place = open_workplace(load_config(tmp_path), say=lambda _: None, state=tmp_path / "state")
        found = {one.name: one for one in verify(place, "local")}
    finally:
        world.engine.docker("unpause", container)
        world.wait_until_healthy()
    assert found["database"].status is CheckStatus.FAILED
    assert found["database"].says.startswith("container ")
    assert found["nats"].status is CheckStatus.OK
