"""Gaia's own fixtures: a short name for each service's client, and a login per side."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from pytest_gaia_parity.clients.factory import Clients

#: a user that every environment has for tests; the embedded stack has this one
EMAIL = os.environ.get("GAIA_TEST_EMAIL", "ada@gaia.example")
PASSWORD = os.environ.get("GAIA_TEST_PASSWORD", "analytical-engine")


@pytest.fixture(scope="session")
def gateway(services: Clients) -> httpx.Client:
    """The gateway of the current side."""
    return services["gateway"]


@pytest.fixture(scope="session")
def auth(services: Clients) -> httpx.Client:
    """The auth service of the current side."""
    return services["auth"]


@pytest.fixture(scope="session")
def asset(services: Clients) -> httpx.Client:
    """The asset service of the current side."""
    return services["asset"]


@pytest.fixture(scope="session")
def chat(services: Clients) -> httpx.Client:
    """The chat service of the current side."""
    return services["chat"]


@pytest.fixture(scope="session")
def token(auth: httpx.Client) -> str:
    """An access token, by one login per side."""
    response = auth.post("/login", json={"email": EMAIL, "password": PASSWORD})
    response.raise_for_status()
    return str(response.json()["access_token"])


@pytest.fixture(scope="session")
def bearer(token: str) -> dict[str, str]:
    """The headers of a request by somebody who is logged in."""
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="session")
def credentials() -> dict[str, str]:
    """Email and password of the test user."""
    return {"email": EMAIL, "password": PASSWORD}


@pytest.fixture
def unique() -> str:
    """A name that nothing else has, on any side and in any run."""
    return str(uuid.uuid4())


@pytest.fixture
def stranger(auth: httpx.Client, unique: str) -> dict[str, str]:
    """The headers of a request by somebody else, registered for one test."""
    login = {"email": f"{unique}@gaia.example", "password": "difference-engine"}
    auth.post("/users", json=login).raise_for_status()
    response = auth.post("/login", json=login)
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"
