"""A world of two apps, served by the simulated Fly API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.flyctl.api import Server, serving
from tests.flyctl.world import TOKEN, World

if TYPE_CHECKING:
    from collections.abc import Iterator

V1, V2 = "registry.fly.io/gaia:v1", "registry.fly.io/gaia:v2"


@pytest.fixture
def world() -> World:
    made = World(images={V1: "sha256:1", V2: "sha256:2"})
    made.add("gaia-auth-dev", V1, ("1111111111aaaa", "2222222222bbbb"))
    made.add("gaia-new-dev", V1, ())
    return made


@pytest.fixture(scope="session")
def fly_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def api(fly_server: Server, world: World) -> Iterator[httpx.Client]:
    """A client with a token of the whole organisation."""
    fly_server.show(world)
    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=fly_server.url, headers=headers, trust_env=False) as client:
        yield client
